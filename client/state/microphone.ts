import { type Accessor, createEffect, createSignal, onCleanup } from 'solid-js';
import type { Room } from '../../contract/types.ts';
import {
  isMicrophoneGranted,
  MicrophoneError,
  type MicrophoneProblem,
  SAMPLE_RATE,
} from '../audio/microphone.ts';
import { Pump, type PumpStart, type PumpState } from '../audio/pump.ts';
import type { Hearing } from '../audio/steadyMicrophone.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';
import type { Connected } from './connected.ts';
import { saveInterruptedStream, takeInterruptedStream } from './interruptedStream.ts';
import { SpeechTurn } from './speechTurn.ts';
import { tabStorage } from './storage.ts';

export type Phase =
  | { type: 'off' | 'asking' | 'starting' | 'stopping' }
  | Extract<PumpState, { type: 'listening' | 'waiting' }>;

/** A problem for the person: with the device, at the server, lost speech, or a stream that a reload interrupted. */
export type Trouble =
  | { type: 'device'; problem: MicrophoneProblem | 'ended' }
  | { type: 'server'; failure: Failure }
  | { type: 'gap'; seconds: number }
  | { type: 'interrupted'; streamId: string };

export type MicrophoneControl = {
  phase: Accessor<Phase>;
  /** The speech stream of this microphone; undefined while there is none. */
  streamId: Accessor<string | undefined>;
  /** Whether the microphone sends sound, while it is on. */
  hearing: Accessor<Hearing>;
  /** 0 to 1. */
  level: Accessor<number>;
  trouble: Accessor<Trouble | null>;
  dismiss: () => void;
  start: (options?: PumpStart) => Promise<void>;
  /** Wins at any moment: whatever still opens is released as soon as it is open. */
  stop: () => Promise<void>;
};

type SpeechRoom = Pick<Room, 'id' | 'language'>;

/** The microphone in one room. The speech stream starts after the browser has opened the microphone. */
export function createMicrophoneControl(connected: Connected, room: Accessor<SpeechRoom>): MicrophoneControl {
  const [phase, setPhase] = createSignal<Phase>({ type: 'off' });
  const [streamId, setStreamId] = createSignal<string>();
  const [level, setLevel] = createSignal(0);
  const [trouble, setTrouble] = createSignal<Trouble | null>(null);
  const [hearing, setHearing] = createSignal<Hearing>('opening');
  let turn: SpeechTurn | undefined;
  let closed = false;

  const onPump = (state: PumpState) => {
    if (state.type === 'failed') return void setTrouble({ type: 'server', failure: state.failure });
    if (state.type === 'gap') return void setTrouble({ type: 'gap', seconds: state.seconds });
    if (state.type === 'listening') setStreamId(state.streamId);
    setPhase(state);
  };
  const off = (next: Phase) => {
    setStreamId(undefined);
    setLevel(0);
    setPhase(next);
  };
  const stop = async () => turn?.stop();

  const start = async (options = resumeAfter(trouble())) => {
    if (turn || closed) return;
    setTrouble(null);
    setHearing('opening');
    setPhase({ type: 'asking' });
    setStreamId(options.resumeStreamId);
    turn = new SpeechTurn({
      ...{ onPump, onLevel: setLevel, onHearing: setHearing },
      openPump: (onState) => openPump(connected.trpc, room(), options, onState),
      onRefused: (error) => setTrouble(startTrouble(error, options)),
      onLost: (problem) => void stop().then(() => setTrouble({ type: 'device', problem })),
      onStopping: () => off({ type: 'stopping' }),
      onEnd: () => {
        turn = undefined;
        off({ type: 'off' });
      },
    });
  };

  onCleanup(() => {
    closed = true;
    void stop();
  });
  reconnectFast(connected, phase, () => turn);
  const control = { phase, streamId, hearing, level, trouble, dismiss: () => setTrouble(null), start, stop };
  resumeOnReload(room().id, control, (streamId) => setTrouble({ type: 'interrupted', streamId }));
  return control;
}

/** The page and the server keep unsent speech for a short time only, so reconnects are faster while one speaks. */
function reconnectFast(
  { hurry, onReconnect }: Connected,
  phase: Accessor<Phase>,
  turn: () => SpeechTurn | undefined,
): void {
  createEffect(() => phase().type !== 'off' && onCleanup(hurry()));
  onReconnect(() => turn()?.retryNow());
}

/** Continues the speech stream after a reload. If the browser would prompt for the microphone, the page asks first. */
function resumeOnReload(
  roomId: string,
  { streamId, trouble, start }: Pick<MicrophoneControl, 'streamId' | 'trouble' | 'start'>,
  offerResume: (streamId: string) => void,
): void {
  const onPageHide = () => {
    // After two reloads in a row, the interrupted stream may not have been resumed yet.
    const current = streamId() ?? resumeAfter(trouble()).resumeStreamId;
    if (current !== undefined) saveInterruptedStream(tabStorage, { roomId, streamId: current }, Date.now());
  };
  window.addEventListener('pagehide', onPageHide);
  onCleanup(() => window.removeEventListener('pagehide', onPageHide));

  const interrupted = takeInterruptedStream(tabStorage, roomId, Date.now());
  if (interrupted === undefined) return;
  void isMicrophoneGranted().then((granted) =>
    granted ? start({ resumeStreamId: interrupted }) : offerResume(interrupted),
  );
}

/** After a reload, every button that starts the microphone continues the interrupted stream. */
function resumeAfter(trouble: Trouble | null): PumpStart {
  return trouble?.type === 'interrupted' ? { resumeStreamId: trouble.streamId } : {};
}

function startTrouble(error: unknown, { resumeStreamId }: PumpStart): Trouble {
  const problem = error instanceof MicrophoneError ? error.problem : 'unknown';
  return problem === 'untouched' && resumeStreamId !== undefined
    ? { type: 'interrupted', streamId: resumeStreamId }
    : { type: 'device', problem };
}

function openPump(
  { transcripts }: Connected['trpc'],
  room: SpeechRoom,
  options: PumpStart,
  onState: (state: PumpState) => void,
): Pump {
  const stream = { roomId: room.id, language: room.language, sampleRate: SAMPLE_RATE };
  return new Pump(
    {
      sampleRate: SAMPLE_RATE,
      start: (input, signal) => transcripts.start.mutate({ ...stream, ...input }, { signal }),
      resume: (from, signal) => transcripts.resume.mutate(from, { signal }),
      push: (bytes, signal) => transcripts.push.mutate(bytes, { signal }),
      stop: (streamId, signal) => transcripts.stop.mutate({ streamId }, { signal }),
      describe: describeFailure,
      onState,
    },
    options,
  );
}
