import { type Accessor, createSignal, onCleanup } from 'solid-js';
import {
  type Microphone,
  MicrophoneError,
  type MicrophoneProblem,
  openMicrophone,
  SAMPLE_RATE,
} from '../audio/microphone.ts';
import { Pump, type PumpState } from '../audio/pump.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';
import type { Connected } from './connected.ts';

export type Phase = 'off' | 'asking' | 'starting' | 'listening' | 'waiting' | 'stopping';

/** What went wrong: with the device, at the server, or with what was said. */
export type Trouble =
  | { type: 'device'; problem: MicrophoneProblem | 'ended' }
  | { type: 'server'; failure: Failure }
  | { type: 'gap'; seconds: number };

export type MicrophoneControl = {
  phase: Accessor<Phase>;
  /** 0 to 1. */
  level: Accessor<number>;
  trouble: Accessor<Trouble | null>;
  dismiss: () => void;
  /** @param takeOver ends the stream that this person has in another window. */
  start: (takeOver?: boolean) => Promise<void>;
  stop: () => Promise<void>;
};

const CHUNK_MS = 100;

/** The microphone of one room. The stream is opened only after the browser has given the microphone. */
export function createMicrophoneControl(
  { trpc }: Connected,
  room: { id: string; language: string },
): MicrophoneControl {
  const [phase, setPhase] = createSignal<Phase>('off');
  const [level, setLevel] = createSignal(0);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  let microphone: Microphone | undefined;
  let pump: Pump | undefined;
  let closed = false;

  const release = async () => {
    const opened = microphone;
    microphone = undefined;
    setLevel(0);
    await opened?.close();
  };

  const fail = async (what: Trouble) => {
    setTrouble(what);
    pump?.close();
    pump = undefined;
    await release();
    setPhase('off');
  };

  const onPumpState = (state: PumpState) => {
    if (state.type === 'failed') return void fail({ type: 'server', failure: state.failure });
    if (state.type === 'gap') return void setTrouble({ type: 'gap', seconds: state.seconds });
    if (phase() !== 'stopping') setPhase(state.type);
  };

  const stop = async () => {
    if (!microphone) return;
    setPhase('stopping');
    await release();
    const finishing = pump;
    pump = undefined;
    await finishing?.finish();
    if (phase() === 'stopping') setPhase('off');
  };

  const start = async (takeOver = false) => {
    if (phase() !== 'off') return;
    setTrouble(null);
    setPhase('asking');
    try {
      microphone = await openMicrophone({
        chunkMs: CHUNK_MS,
        onChunk: (pcm) => pump?.add(pcm),
        onLevel: setLevel,
        onEnded: () => void stop().then(() => setTrouble({ type: 'device', problem: 'ended' })),
      });
    } catch (error) {
      return fail({ type: 'device', problem: error instanceof MicrophoneError ? error.problem : 'unknown' });
    }
    if (closed) return release();
    setPhase('starting');
    pump = openPump(trpc, room, takeOver, onPumpState);
  };

  onCleanup(() => {
    closed = true;
    void stop();
  });

  return { phase, level, trouble, dismiss: () => setTrouble(null), start, stop };
}

function openPump(
  trpc: Connected['trpc'],
  room: { id: string; language: string },
  takeOver: boolean,
  onState: (state: PumpState) => void,
): Pump {
  const stream = { roomId: room.id, language: room.language, sampleRate: SAMPLE_RATE };
  const options = {
    sampleRate: SAMPLE_RATE,
    start: (again: boolean) => trpc.transcripts.start.mutate({ ...stream, takeOver: again }),
    push: (bytes: Uint8Array<ArrayBuffer>) => trpc.transcripts.push.mutate(bytes),
    stop: (streamId: string) => trpc.transcripts.stop.mutate({ streamId }),
    describe: describeFailure,
    onState,
  };
  return new Pump(options, takeOver);
}
