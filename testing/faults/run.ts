import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../db/open.ts';
import { createRandom, type Random } from '../../server/transcriber/testing/random.ts';
import { httpClient } from '../clients.ts';
import { audit, type Findings, readRoom } from './audit.ts';
import { type Fault, faultsOf } from './faults.ts';
import { enterPerson, type Person } from './person.ts';
import { type Setting, type Stage, setStage } from './stage.ts';

export type Plan = Setting & {
  /** The run ends after this number of killed processes. */
  kills: number;
  /** A run that takes longer than this has failed. */
  limitMs: number;
  people: number;
  rooms: number;
  seed: number;
};

export type Report = Findings & {
  /** How often each fault was injected, by name. */
  faults: Map<string, number>;
  kills: number;
  acked: number;
  shown: number;
  repeats: number;
  seconds: number;
};

/** How long the clients may take to show everything after the last fault. */
const CATCH_UP_MS = 30_000;
const CHECK_MS = 200;
/**
 * How many acks people get between two faults. With 0 the fault strikes clients that are still reconnecting. A fixed time
 * does not work: on a busy machine it can pass without a single message.
 */
const ACKS_BETWEEN = [0, 60] as const;

/** People chat while faults are injected. Then the messages that they were shown are compared with the database. */
export async function runFaults(plan: Plan): Promise<Report> {
  const startedAt = performance.now();
  await using stage = await setStage(plan);
  const random = createRandom(plan.seed);
  const { addresses } = stage;
  const roomIds = await makeRooms(addresses[0] as string, plan.rooms);
  const people: Person[] = [];
  const acks = new EventEmitter();
  for (let i = 1; i <= plan.people; i += 1) {
    const own = { name: `Person ${i}`, random: createRandom(plan.seed + i) };
    people.push(await enterPerson({ ...own, addresses, onAck: () => acks.emit('ack') }));
  }

  const talking = new AbortController();
  const talks = people.map((person) => person.talk(roomIds, talking.signal));
  const faults = await injectFaults({ stage, plan, random, acks });
  talking.abort();
  await Promise.all(talks);
  const findings = await auditWhenCaughtUp(stage.databaseUrl, roomIds, people);
  await Promise.all(people.map((person) => person.leave()));
  return {
    ...findings,
    faults: new Map([...faults].map(([fault, times]) => [fault.name, times])),
    kills: killsIn(faults),
    acked: people.reduce((total, { acks }) => total + acks.length, 0),
    shown: people.reduce((total, { views }) => total + views.flatMap(({ messages }) => messages).length, 0),
    repeats: people.reduce((total, { repeats }) => total + repeats(), 0),
    seconds: (performance.now() - startedAt) / 1_000,
  };
}

async function makeRooms(address: string, count: number): Promise<string[]> {
  const { token } = await httpClient(address).session.guest.mutate({ name: 'Owner' });
  const owner = httpClient(address, token);
  const rooms = Array.from({ length: count }, (_, i) => owner.rooms.create.mutate({ name: `Room ${i + 1}` }));
  return (await Promise.all(rooms)).map(({ id }) => id);
}

type Injecting = { stage: Stage; plan: Plan; random: Random; acks: EventEmitter };

/** @returns how often each fault was injected. @throws Error after `plan.limitMs`. */
async function injectFaults({ stage, plan, random, acks }: Injecting): Promise<Map<Fault, number>> {
  const limit = AbortSignal.timeout(plan.limitMs);
  const possible = faultsOf(stage);
  const injected = new Map(possible.map((fault) => [fault, 0]));
  while (killsIn(injected) < plan.kills) {
    limit.throwIfAborted();
    for (let left = random.between(...ACKS_BETWEEN); left > 0; left -= 1) {
      await once(acks, 'ack', { signal: limit });
    }
    const fault = random.pick(possible);
    await fault.inject(stage, random);
    injected.set(fault, (injected.get(fault) ?? 0) + 1);
  }
  return injected;
}

function killsIn(faults: Map<Fault, number>): number {
  return [...faults].reduce((total, [fault, times]) => total + (fault.kills ? times : 0), 0);
}

/** Repeats the audit until nothing is missing. A message that is still missing after `CATCH_UP_MS` is lost. */
async function auditWhenCaughtUp(
  databaseUrl: string,
  roomIds: string[],
  people: Person[],
): Promise<Findings> {
  const store = await openStore(databaseUrl);
  const rooms = new Map<string, Awaited<ReturnType<typeof readRoom>>>();
  for (const roomId of roomIds) rooms.set(roomId, await readRoom(store, roomId));
  await store.close();
  const acks = people.flatMap((person) => person.acks);
  const views = people.flatMap((person) => person.views);
  const deadline = performance.now() + CATCH_UP_MS;
  for (;;) {
    const findings = audit(rooms, acks, views);
    if (findings.lost === 0 || performance.now() > deadline) return findings;
    await sleep(CHECK_MS);
  }
}
