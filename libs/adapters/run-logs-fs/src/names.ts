import { createHash } from 'node:crypto';

/** File systems take 255 bytes; some tools less. */
const LONGEST = 150;

/**
 * A task's name as the name of a folder: its own letters where every file system tells them apart, `%xx` for the rest, dots
 * and capitals included. Long ones end in a hash.
 */
export function folderOf(taskId: string): string {
  const safe = [...Buffer.from(taskId, 'utf8')]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[a-z0-9_-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
  // Names like `con` are devices on Windows.
  const whole = `t-${safe}`;
  if (whole.length <= LONGEST) return whole;
  const hash = createHash('sha256').update(taskId).digest('hex').slice(0, 16);
  return `${whole.slice(0, LONGEST - 17)}~${hash}`;
}
