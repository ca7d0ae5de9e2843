import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { SpeechMeter } from '../speech/meter.ts';

export type Metrics = {
  speech: SpeechMeter;
  /** In Prometheus's text format. */
  render: () => Promise<{ contentType: string; body: string }>;
};

/** From the shortest delay a person notices to what they would call broken. */
const LAG_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30];

/** What a server tells Prometheus: how Node is, and how speech goes. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const speech = meterSpeech(registry);
  return {
    speech,
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function meterSpeech(registry: Registry): SpeechMeter {
  const registers = [registry];
  const audio = new Counter({
    name: 'roomscribe_speech_audio_seconds_total',
    help: 'Seconds of audio: taken in from microphones, sent to engines, billed.',
    labelNames: ['what'] as const,
    registers,
  });
  const lag = new Histogram({
    name: 'roomscribe_speech_caption_lag_seconds',
    help: 'From the end of the last word until the caption is told.',
    labelNames: ['type'] as const,
    buckets: LAG_SECONDS,
    registers,
  });
  const streams = new Gauge({
    name: 'roomscribe_speech_streams',
    help: 'Speech streams by state.',
    labelNames: ['state'] as const,
    registers,
  });
  const restarts = new Counter({
    name: 'roomscribe_speech_restarts_total',
    help: 'Calls of an engine that began again, by cause.',
    labelNames: ['cause'] as const,
    registers,
  });
  const gaps = new Counter({
    name: 'roomscribe_speech_gaps_total',
    help: 'Stretches of speech that nobody heard.',
    labelNames: ['reason'] as const,
    registers,
  });
  const gapSeconds = new Counter({
    name: 'roomscribe_speech_gap_seconds_total',
    help: 'Seconds of speech that nobody heard.',
    labelNames: ['reason'] as const,
    registers,
  });
  const queue = new Gauge({
    name: 'roomscribe_speech_queue_length',
    help: 'Calls of an engine that wait for a place.',
    registers,
  });
  return {
    audio: (what, seconds) => audio.inc({ what }, seconds),
    captionLag: (type, seconds) => lag.observe({ type }, seconds),
    moved(from, to) {
      if (from) streams.dec({ state: from });
      if (to) streams.inc({ state: to });
    },
    restarted: (cause) => restarts.inc({ cause }),
    gap(reason, seconds) {
      gaps.inc({ reason });
      gapSeconds.inc({ reason }, seconds);
    },
    queue: (waiting) => queue.set(waiting),
  };
}
