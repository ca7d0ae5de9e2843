import { startLoad } from './fanout/pinned.ts';
import { type StackName, startStack } from './fanout/stacks.ts';
import { percentile } from './percentile.ts';

const STACKS: StackName[] = ['ws', 'Socket.IO', 'Roomscribe, SQLite'];
const name = process.argv[2];
const count = Number(process.argv[3] ?? 1000);

for (const stackName of name ? STACKS.filter((s) => s.includes(name)) : STACKS) {
  const stack = await startStack(stackName);
  const { load, stop } = startLoad();
  const seats = await stack.seats(count);
  await load.connect(stack, seats);
  await new Promise((r) => setTimeout(r, 500));
  const per = async (act: () => Promise<number>) => {
    const before = await stack.cpuMs();
    const n = await act();
    const cpu = (await stack.cpuMs()) - before;
    return Math.round((n / cpu) * 1000);
  };
  await load.oneByOne(1000);
  const one = await per(() => load.oneByOne(3000));
  const burst = await per(() => load.bursts(3000, 64));
  const paced = await load.paced(4000, 20);
  console.log(stackName, { one, burst, p50: percentile(paced, 0.5), p99: percentile(paced, 0.99) });
  await load.close();
  await stop();
  await stack.stop();
}
