import { describeBus } from './contract.ts';
import { createMemoryBus } from './memory.ts';

describeBus('The bus in memory', async () => {
  const bus = createMemoryBus();
  return [bus, bus];
});
