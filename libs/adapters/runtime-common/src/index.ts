export { checkNames, picked, type Environment } from './environment.ts';
export { encodeFrame, framed, frameError, FrameReader, parseFrame } from './frames.ts';
export { LineReader, type LineSink } from './lines.ts';
export { after } from './timers.ts';
export {
  shownValue,
  wireJson,
  wireList,
  wireObject,
  wireRows,
  wireSpan,
  wireText,
  wireTexts,
  wireWhole,
  type WireObject,
} from './wire-values.ts';
export { writableByOthers } from './writable-by-others.ts';
