import { buildClientIfStale } from '../../scripts/buildClient.ts';

/** Runs once before all tests: the browser tests open the built page, as people get it. */
export default async function setup(): Promise<void> {
  await buildClientIfStale();
}
