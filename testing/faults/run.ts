import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../contract/types.ts';
import { openStore } from '../../db/open.ts';
import { createRandom, type Random } from '../../server/transcriber/testing/random.ts';
import { httpClient } from '../clients.ts';
import { audit, type Findings, readRoom } from './audit.ts';
import { ENGINE_FAULTS, troubleEngine } from './engineFaults.ts';
import { FaultLog, type FaultRecord } from './faultLog.ts';
import { faultsOf } from './faults.ts';
import { PassersBy } from './ghosts.ts';
import { type Crowd, enterPeople, type People, sendHome, viewsOf } from './people.ts';
import type { Speaker } from './speaker.ts';
import { type Setting, type Stage, setStage } from './stage.ts';
import { auditWords, sumWords, type WordFindings } from './wordAudit.ts';

export type Plan = Setting &
  Crowd & {
    /** The run ends after this number of killed processes. */
    kills: number;
    /** A run that takes longer than this has failed. */
    limitMs: number;
    rooms: number;
    /** Some faults of the engine last for more than a minute. */
    withLongFaults: boolean;
    /** Only faults whose name begins with one of these words are injected. Left out: all. */
    only?: string[] | undefined;
  };

export type Report = Findings &
  WordFindings & {
    /** In the order of their ends. */
    faults: FaultRecord[];
    kills: number;
    acked: number;
    shown: number;
    repeats: number;
    /** How often somebody was shown who was gone. */
    ghosts: number;
    seconds: number;
  };

/** How long the clients may take to show everything after the last fault, and a server to recognise the last words. */
const CATCH_UP_MS = 45_000;
const CHECK_MS = 200;
/**
 * How many acks people get between two faults. With 0 the fault strikes clients that are still reconnecting. A fixed time
 * does not work: on a busy machine it can pass without a single message.
 */
const ACKS_BETWEEN = [0, 60] as const;

/** People chat and speak while faults are injected. Then what they were shown is compared with the database. */
export async function runFaults(plan: Plan): Promise<Report> {
  const startedAt = performance.now();
  await using stage = await setStage(plan);
  const roomIds = await makeRooms(stage.addresses[0] as string, plan.rooms);
  const acks = new EventEmitter();
  const people = await enterPeople(stage, plan, roomIds, acks);
  const views = () => viewsOf(people);
  const passersBy = new PassersBy(views);
  const log = new FaultLog();

  const talking = new AbortController();
  const talks = [
    ...people.typing.map((person) => person.talk(roomIds, talking.signal)),
    ...people.speaking.map((speaker) => speaker.speak(talking.signal)),
  ];
  await injectFaults({ stage, plan, acks, log, passersBy, roomIds });
  talking.abort();
  await Promise.all(talks);
  const findings = await auditWhenCaughtUp(stage.databaseUrl, roomIds, people, log);
  await passersBy.settled();
  const ghosts = [...passersBy.ghosts, ...(await sendHome(people))];
  return {
    ...findings,
    ghosts: ghosts.length,
    notes: [...findings.notes, ...ghosts],
    faults: log.records,
    kills: log.kills,
    acked: people.typing.reduce((total, { acks }) => total + acks.length, 0),
    shown: views().reduce((total, { messages }) => total + messages.length, 0),
    repeats: people.typing.reduce((total, { repeats }) => total + repeats(), 0),
    seconds: (performance.now() - startedAt) / 1_000,
  };
}

async function makeRooms(address: string, count: number): Promise<string[]> {
  const { token } = await httpClient(address).session.guest.mutate({ name: 'Owner' });
  const owner = httpClient(address, token);
  const rooms = Array.from({ length: count }, (_, i) => owner.rooms.create.mutate({ name: `Room ${i + 1}` }));
  return (await Promise.all(rooms)).map(({ id }) => id);
}

type Injecting = {
  stage: Stage;
  plan: Plan;
  acks: EventEmitter;
  log: FaultLog;
  passersBy: PassersBy;
  roomIds: string[];
};

/** Injects the faults of the plan, and beside them those of the engine. @throws Error after `plan.limitMs`. */
async function injectFaults({ stage, plan, acks, log, passersBy, roomIds }: Injecting): Promise<void> {
  const limit = AbortSignal.timeout(plan.limitMs);
  const random = createRandom(plan.seed);
  const trouble = new AbortController();
  const troubled = troubleEngine(
    {
      ...{ engine: stage.engine, log, withLongFaults: plan.withLongFaults },
      ...{ random: createRandom(plan.seed + 1_000), faults: ENGINE_FAULTS.filter(isWanted(plan)) },
    },
    trouble.signal,
  );
  const possible = faultsOf(stage).filter(isWanted(plan));
  const passBy = ({ cable }: Stage['nodes'][number]) => passersBy.enter(cable.url, random.pick(roomIds));
  while (log.kills < plan.kills) {
    limit.throwIfAborted();
    await letPeopleType(acks, random, limit);
    if (possible.length === 0) continue;
    const fault = random.pick(possible);
    await log.record(fault, () => fault.inject({ stage, random, passBy }));
  }
  trouble.abort();
  await troubled;
}

const isWanted =
  ({ only }: Plan) =>
  ({ name }: { name: string }) =>
    only?.some((word) => name.startsWith(word)) ?? true;

/** Lets people send some messages. */
async function letPeopleType(acks: EventEmitter, random: Random, signal: AbortSignal): Promise<void> {
  for (let left = random.between(...ACKS_BETWEEN); left > 0; left -= 1) await once(acks, 'ack', { signal });
}

/** Repeats the audit until nothing is missing. What is still missing after `CATCH_UP_MS` is lost. */
async function auditWhenCaughtUp(
  databaseUrl: string,
  roomIds: string[],
  people: People,
  { records }: FaultLog,
): Promise<Findings & WordFindings> {
  const store = await openStore(databaseUrl);
  const acks = people.typing.flatMap((person) => person.acks);
  const deadline = performance.now() + CATCH_UP_MS;
  try {
    for (;;) {
      const rooms = new Map<string, Message[]>();
      for (const roomId of roomIds) rooms.set(roomId, await readRoom(store, roomId));
      const words = sumWords(people.speaking.map((speaker) => wordsOf(speaker, rooms, records)));
      const findings = { ...audit(rooms, acks, viewsOf(people)), ...words };
      if (findings.lost + findings.wordsLost === 0 || performance.now() > deadline) return findings;
      await sleep(CHECK_MS);
    }
  } finally {
    await store.close();
  }
}

function wordsOf(
  { user, page, spoken }: Speaker,
  rooms: ReadonlyMap<string, Message[]>,
  faults: FaultLog['records'],
): WordFindings {
  const own = (rooms.get(page.view.roomId) ?? []).filter(
    ({ author, speech }) => speech && author.id === user.id,
  );
  const found = auditWords(
    spoken,
    own.toSorted((a, b) => a.seq - b.seq),
    faults,
  );
  return { ...found, notes: found.notes.map((note) => `${user.name}: ${note}`) };
}
