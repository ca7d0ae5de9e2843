import { vi } from 'vitest';

type Ask = { name: string; succeed: () => void; fail: () => void };

class ScriptedTrack extends EventTarget {
  readyState: 'live' | 'ended' = 'live';
  muted = false;
  stop = () => {
    this.readyState = 'ended';
  };
}

/**
 * The parts of a browser that make a microphone. Whatever the browser may take its time for waits in `asked`, until the
 * test lets it succeed or fail.
 */
export class ScriptedBrowser {
  readonly tracks: ScriptedTrack[] = [];
  readonly contexts: { state: AudioContextState }[] = [];
  readonly asked: Ask[] = [];
  /** Sends one chunk through each worklet of an open microphone. */
  chunk: (level: number) => void = () => {};
  readonly mediaDevices = Object.assign(new EventTarget(), {
    getUserMedia: () =>
      this.#ask('getUserMedia', () => {
        const track = new ScriptedTrack();
        this.tracks.push(track);
        return { getTracks: () => [track], getAudioTracks: () => [track] };
      }),
  });

  /** Replaces the globals of the browser. `vi.unstubAllGlobals` takes them back. */
  install(): void {
    const browser = this;
    const ports = new Set<EventTarget>();
    this.chunk = (level) => {
      for (const port of ports) {
        const data = { pcm: new Uint8Array(3_200).buffer, level };
        port.dispatchEvent(Object.assign(new Event('message'), { data }));
      }
    };
    class Node {
      connect = (next: unknown) => next;
    }
    class Worklet extends Node {
      readonly port = Object.assign(new EventTarget(), {
        start() {},
        postMessage: () =>
          queueMicrotask(() => {
            ports.delete(this.port);
            this.port.dispatchEvent(Object.assign(new Event('message'), { data: { flushed: true } }));
          }),
      });

      constructor() {
        super();
        ports.add(this.port);
      }
    }
    class Context extends EventTarget {
      state: AudioContextState = 'suspended';
      readonly audioWorklet = { addModule: () => browser.#ask('addModule', () => undefined) };

      constructor() {
        super();
        browser.contexts.push(this);
      }

      createMediaStreamSource = () => new Node();
      resume = () =>
        browser.#ask('resume', () => {
          if (this.state === 'suspended') this.state = 'running';
        });
      close = async () => {
        this.state = 'closed';
      };
    }
    vi.stubGlobal('isSecureContext', true);
    vi.stubGlobal('navigator', { mediaDevices: this.mediaDevices });
    vi.stubGlobal('document', new EventTarget());
    vi.stubGlobal('AudioContext', Context);
    vi.stubGlobal('AudioWorkletNode', Worklet);
  }

  /** Lets everything that is asked for succeed, also what is asked for next. */
  async succeedAll(): Promise<void> {
    do {
      this.asked.shift()?.succeed();
      await vi.advanceTimersByTimeAsync(0);
    } while (this.asked.length > 0);
  }

  #ask<T>(name: string, result: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.asked.push({
      name,
      succeed: () => resolve(result()),
      fail: () => reject(new DOMException('scripted', 'NotReadableError')),
    });
    return promise;
  }
}
