export { decodeBatch, encodeBatch } from './batch-bytes.ts';
export { decodeStates, encodeStates } from './states.ts';
