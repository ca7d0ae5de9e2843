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
 * The engine of this server, and the one that takes over while the first stays away; or why there is none, in a
 * sentence for people.
 */
export type EngineChoice =
  | { engine: SpeechEngine; fallback: SpeechEngine | null }
  | { engine: null; reason: string };

export type SpeechParts = {
  choice: EngineChoice;
  store: Pick<Store, 'listSpoken'>;
  bus: Bus;
  access: Access;
  writer: Writer;
  captions: Captions;
  watch: MemberWatch;
  budget: Budget;
  admission: Admission;
  meter: SpeechMeter;
  /** Made for each stream: tells its speech from its silence. */
  newGate: (sampleRate: number) => Gate;
  /** Whether the process has little time; never, if it is not known. */
  isBusy?: (() => boolean) | undefined;
  log: Log;
};
