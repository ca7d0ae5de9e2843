import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { SpeechMeter } from '../speech/meter.ts';

export type Metrics = {
  speech: SpeechMeter;
  /** All metrics in Prometheus's text format. */
  render: () => Promise<{ contentType: string; body: string }>;
};

/** From the shortest delay that a person notices to one that looks like a fault. */
const LAG_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30];

/** The metrics of one server: Node's own, and those of speech. */
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
    help: 'Seconds of audio: received from microphones (in), sent to engines (sent), billed (billed).',
    labelNames: ['what'] as const,
    registers,
  });
  const lag = new Histogram({
    name: 'roomscribe_speech_caption_lag_seconds',
    help: 'Seconds from the end of the last spoken word until its caption is sent.',
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
    help: 'Engine calls that were started again, by cause.',
    labelNames: ['cause'] as const,
    registers,
  });
  const gaps = new Counter({
    name: 'roomscribe_speech_gaps_total',
    help: 'Gaps: parts of the speech that no engine heard.',
    labelNames: ['reason'] as const,
    registers,
  });
  const gapSeconds = new Counter({
    name: 'roomscribe_speech_gap_seconds_total',
    help: 'Seconds of speech that no engine heard.',
    labelNames: ['reason'] as const,
    registers,
  });
  const queue = new Gauge({
    name: 'roomscribe_speech_queue_length',
    help: 'Engine calls that wait for admission.',
    registers,
  });
  return {
    audio: (what, seconds) => audio.inc({ what }, seconds),
    captionLag: (type, seconds) => lag.observe({ type }, seconds),
    stateChanged(from, to) {
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
