import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../server/transcriber/testing/random.ts';
import type { Stage } from './stage.ts';

export type Fault = {
  name: string;
  /** Whether a process dies of it. */
  kills: boolean;
  /** Breaks something, and lets it heal; answers when it is whole again. */
  inflict: (stage: Stage, random: Random) => Promise<void>;
};

const FREEZE_MS = [500, 3_000] as const;

const onNodes: Fault[] = [
  {
    name: 'server killed',
    kills: true,
    inflict: ({ nodes }, random) => random.pick(nodes).restart('SIGKILL'),
  },
  {
    name: 'server restarted',
    kills: false,
    inflict: ({ nodes }, random) => random.pick(nodes).restart('SIGTERM'),
  },
  {
    name: 'sockets cut',
    kills: false,
    async inflict({ nodes }, random) {
      random.pick(nodes).cable.cut();
      await sleep(random.between(50, 300));
    },
  },
];

/** What can happen to a server beside ours: it dies and comes back, or it freezes and thaws. */
const onNeighbour = (which: 'database' | 'bus'): Fault[] => [
  {
    name: `${which} killed`,
    kills: true,
    async inflict(stage, random) {
      await stage[which]?.kill();
      await sleep(random.between(0, 500));
      await stage[which]?.start();
    },
  },
  {
    name: `${which} frozen`,
    kills: false,
    async inflict(stage, random) {
      stage[which]?.signal('SIGSTOP');
      await sleep(random.between(...FREEZE_MS));
      stage[which]?.signal('SIGCONT');
    },
  },
];

/** Everything that can break on this stage. */
export function faultsOf(stage: Stage): Fault[] {
  return [
    ...onNodes,
    ...(stage.database ? onNeighbour('database') : []),
    ...(stage.bus ? onNeighbour('bus') : []),
  ];
}
