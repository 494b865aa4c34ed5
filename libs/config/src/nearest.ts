import { nearestName } from '@kairos/domain';

/** Letters and digits alone: `HTTP__PORT`, `httpPort` and `http.port` differ in nothing a person would mean. */
const bare = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The key that `name` most likely means; undefined when none is near enough to be more than a guess. */
export const nearest = (name: string, candidates: Iterable<string>): string | undefined =>
  nearestName(name, candidates, bare);
