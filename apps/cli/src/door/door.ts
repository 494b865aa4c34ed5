import type { ExportFormat, SeriesRef } from '@kairos/ports';
import type { SignalReply } from '@kairos/signals';

/** What a signal is answered with; `status` as HTTP has it. */
export type Reply = SignalReply;
export type ReplyBody = SignalReply['body'];

export interface ExportOrder {
  readonly series: SeriesRef;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly limit: number | undefined;
  readonly includeProvisional: boolean;
  readonly format: ExportFormat;
  readonly derive: string | true | undefined;
  /** Told the share that lies behind, 0 to 1, where it is known. */
  readonly onShare?: ((share: number) => void) | undefined;
}

export interface Exported {
  readonly fileName: string;
  readonly chunks: AsyncIterable<string | Uint8Array>;
}

/** How far a run is that is worked here. */
export interface RunProgress {
  readonly taskId: string;
  /** Of the task, as `get_task_status` tells it. */
  readonly status: Readonly<Record<string, unknown>>;
}

/** The way in: a running server, or the store itself. Both answer alike. */
export interface Door {
  readonly kind: 'server' | 'store';
  /** The server's address, or the path of the store. */
  readonly where: string;
  /** A signal as a value. @throws ServerError */
  send(signal: Readonly<Record<string, unknown>>): Promise<Reply>;
  /** A signal as JSON text. @throws ServerError */
  sendText(text: string): Promise<Reply>;
  /** Records as a file, or why not. */
  export(order: ExportOrder): Promise<Exported | Reply>;
  /** Works an ordered run to its end, where no server does. Resolves when it is settled, or with the signal. */
  workRun?(p: {
    readonly taskId: string;
    readonly runId: string;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: RunProgress) => void;
  }): Promise<void>;
  close(): Promise<void>;
}
