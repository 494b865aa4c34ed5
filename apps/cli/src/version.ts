import { createRequire } from 'node:module';

/** The version in the package's, or the workspace's, package.json, wherever the bundle lies. */
export function version(): string {
  const require = createRequire(import.meta.url);
  for (const path of ['../package.json', '../../../package.json', '../../package.json']) {
    try {
      const found: unknown = require(path);
      if (typeof found === 'object' && found !== null && 'version' in found) return String(found.version);
    } catch {
      continue;
    }
  }
  return '0.0.0';
}
