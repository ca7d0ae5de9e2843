import { buildClientIfStale } from '../../scripts/buildClient.ts';

/** Once before all tests: the browser tests open the page as people get it. */
export default async function setup(): Promise<void> {
  await buildClientIfStale();
}
