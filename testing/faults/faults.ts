import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../server/transcriber/testing/random.ts';
import type { Node, Stage } from './stage.ts';

/** What a fault needs: `passBy` lets somebody enter by a server, and returns what makes them vanish. */
export type Scene = { stage: Stage; random: Random; passBy: (node: Node) => Promise<() => void> };

export type Fault = {
  name: string;
  /** Whether it kills a process. */
  kills: boolean;
  /** Breaks something and repairs it. Resolves when it is repaired. */
  inject: (scene: Scene) => Promise<void>;
};

/** How long each fault lasts. Nothing waits for the servers to notice it: the audit at the end checks the outcome. */
const UNPLUGGED_MS = [50, 300] as const;
const DOWN_MS = [0, 500] as const;
const FROZEN_MS = [500, 3_000] as const;

const nodeFaults: Fault[] = [
  {
    name: 'server killed',
    kills: true,
    async inject({ stage, random, passBy }) {
      const node = random.pick(stage.nodes);
      const vanish = await passBy(node);
      const restarted = node.restart('SIGKILL');
      vanish();
      await restarted;
    },
  },
  {
    name: 'server restarted',
    kills: false,
    inject: ({ stage, random }) => random.pick(stage.nodes).restart('SIGTERM'),
  },
  {
    name: 'sockets cut',
    kills: false,
    async inject({ stage, random }) {
      const plugIn = random.pick(stage.nodes).cable.hold();
      await sleep(random.between(...UNPLUGGED_MS));
      plugIn();
    },
  },
];

/** The faults of a daemon: it is killed and comes back, or it freezes for a while. */
const daemonFaults = (which: 'database' | 'bus' | 'proxy'): Fault[] => [
  {
    name: `${which} killed`,
    kills: true,
    async inject({ stage, random }) {
      await stage[which]?.kill();
      await sleep(random.between(...DOWN_MS));
      await stage[which]?.start();
    },
  },
  {
    name: `${which} frozen`,
    kills: false,
    async inject({ stage, random }) {
      stage[which]?.signal('SIGSTOP');
      await sleep(random.between(...FROZEN_MS));
      stage[which]?.signal('SIGCONT');
    },
  },
];

/** All faults that are possible on this stage. */
export function faultsOf(stage: Stage): Fault[] {
  return [
    ...nodeFaults,
    ...(stage.database ? daemonFaults('database') : []),
    ...(stage.bus ? daemonFaults('bus') : []),
    ...(stage.proxy ? daemonFaults('proxy') : []),
  ];
}
