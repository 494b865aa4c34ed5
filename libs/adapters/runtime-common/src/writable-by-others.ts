import type { Stats } from 'node:fs';

const GROUP = 0o020;
const WORLD = 0o002;

/**
 * Whether somebody else than its owner may write a file or folder. A group that bears the owner's own number is the
 * owner's alone: many systems give each person such a group, and then let it write all that the person makes.
 */
export function writableByOthers({ mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>): boolean {
  const groupIsOwners = uid !== 0 && gid === uid;
  return (mode & WORLD) !== 0 || ((mode & GROUP) !== 0 && !groupIsOwners);
}
