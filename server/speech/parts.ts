import type { Store } from '../../db/store.ts';
import type { Bus } from '../bus/bus.ts';
import type { Access } from '../chat/access.ts';
import type { MemberWatch } from '../chat/memberWatch.ts';
import type { Writer } from '../chat/writer.ts';
import type { Log } from '../log.ts';
import type { SpeechEngine } from '../transcriber/transcriber.ts';
import type { Budget } from './budget.ts';
import type { Captions } from './captions/captions.ts';
import type { SpeechMeter } from './meter.ts';
import type { Gate } from './microphone/microphone.ts';
import type { Admission } from './recognition/admission.ts';

/**
 * The engine of this server, and the fallback engine that takes over while the first one is away. Without an engine,
 * `reason` tells people why.
 */
export type EngineChoice =
  | { engine: SpeechEngine; fallback: SpeechEngine | null }
  | { engine: null; reason: string };

export type SpeechParts = {
  choice: EngineChoice;
  store: Pick<Store, 'listSpoken' | 'addStream' | 'findStream' | 'sealStream' | 'endStream'>;
  bus: Bus;
  access: Access;
  writer: Writer;
  captions: Captions;
  watch: MemberWatch;
  budget: Budget;
  admission: Admission;
  meter: SpeechMeter;
  /** Makes the voice gate of one stream. */
  newGate: (sampleRate: number) => Gate;
  /** Whether the process is busy. Left out: it never is. */
  isBusy?: (() => boolean) | undefined;
  log: Log;
};
