export interface RunLogLimits {
  /** All files of one task, in bytes. */
  readonly taskBytes: number;
  /** All files of all tasks, in bytes. */
  readonly totalBytes: number;
  /** Longest message, in characters. */
  readonly messageChars: number;
  /** Most characters that wait for the disk. */
  readonly waitingChars: number;
}

const MIB = 1_048_576;

export const DEFAULT_RUN_LOG_LIMITS: RunLogLimits = {
  taskBytes: 4 * MIB,
  totalBytes: 256 * MIB,
  messageChars: 16_384,
  waitingChars: 8 * MIB,
};

/** A task's lines are spread over so many files, so that the oldest can go without the rest. */
const FILES_OF_A_TASK = 4;

export const segmentBytes = (limits: RunLogLimits): number => Math.floor(limits.taskBytes / FILES_OF_A_TASK);
