import { type Accessor, createSignal } from 'solid-js';
import type { User } from '../../contract/types.ts';
import { createSessionClient } from '../sdk/client.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';

export type Session = {
  /** undefined until the server has answered; null for a visitor without a session. */
  user: Accessor<User | null | undefined>;
  failure: Accessor<Failure | null>;
  /** Asks the server for the user, because scripts cannot read the session cookie. */
  load: () => Promise<void>;
  enter: (name: string) => Promise<void>;
  /** Call this when the server no longer accepts the session. */
  forget: () => void;
};

/** The server has made a session, but the browser did not keep its cookie. */
class CookiesBlocked extends Error {}

const COOKIES_BLOCKED: Failure = {
  ...{ reason: 'cookies_blocked', code: null, retryable: true, details: {} },
  message: 'The browser blocks cookies.',
};

export function createSession(): Session {
  const trpc = createSessionClient(location.origin);
  const [user, setUser] = createSignal<User | null>();
  const [failure, setFailure] = createSignal<Failure | null>(null);

  const loadUser = async (call: () => Promise<{ user: User | null }>) => {
    setFailure(null);
    try {
      setUser((await call()).user);
    } catch (error) {
      setFailure(error instanceof CookiesBlocked ? COOKIES_BLOCKED : describeFailure(error));
    }
  };

  return {
    user,
    failure,
    load: () => loadUser(() => trpc.session.me.query()),
    enter: (name) =>
      loadUser(async () => {
        await trpc.session.guest.mutate({ name });
        const session = await trpc.session.me.query();
        if (session.user === null) throw new CookiesBlocked();
        return session;
      }),
    forget: () => void setUser(null),
  };
}
