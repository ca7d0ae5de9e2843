import type { SpeechEngine } from '../transcriber/transcriber.ts';
import { type Admission, AdmissionQueue } from './recognition/admission.ts';

export type EnginePlaces = {
  engine: SpeechEngine;
  /** Calls of this engine at a time. */
  maxCalls: number;
};

/**
 * The admission of a server with several engines. Each engine has places of its own: the calls of one say nothing about
 * what another can bear. Calls of an engine start as fast as it allows.
 * @param onQueue called with how many calls wait, over all engines.
 */
export function createEnginePlaces(
  places: EnginePlaces[],
  onQueue: (waiting: number) => void = () => {},
): Admission {
  const waiting = new Map<SpeechEngine, number>();
  const queues = new Map(
    places.map(({ engine, maxCalls }) => {
      const { startsPerSecond } = engine;
      const onOwnQueue = (length: number) => {
        waiting.set(engine, length);
        onQueue([...waiting.values()].reduce((sum, one) => sum + one, 0));
      };
      return [engine, new AdmissionQueue({ maxCalls, startsPerSecond, onQueue: onOwnQueue })];
    }),
  );
  const queueOf = (engine: SpeechEngine): AdmissionQueue => {
    const queue = queues.get(engine);
    if (!queue) throw new Error(`The engine ${engine.name} has no places.`);
    return queue;
  };
  return {
    acquire: async (options) => queueOf(options.engine).acquire(options),
    throttle: (engine) => queueOf(engine).throttle(),
  };
}
