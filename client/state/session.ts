import { type Accessor, createSignal } from 'solid-js';
import type { User } from '../../contract/types.ts';
import { createSessionClient } from '../sdk/client.ts';
import { describeFailure, type Failure } from '../sdk/errors.ts';

export type Session = {
  /** undefined until the server has said who we are; null for nobody. */
  user: Accessor<User | null | undefined>;
  failure: Accessor<Failure | null>;
  /** Asks the server who we are: the session is in a cookie that scripts cannot read. */
  load: () => Promise<void>;
  enter: (name: string) => Promise<void>;
  /** The server does not know us any more. */
  forget: () => void;
};

export function createSession(): Session {
  const trpc = createSessionClient(location.origin);
  const [user, setUser] = createSignal<User | null>();
  const [failure, setFailure] = createSignal<Failure | null>(null);

  const attempt = async (ask: () => Promise<{ user: User | null }>) => {
    setFailure(null);
    try {
      setUser((await ask()).user);
    } catch (error) {
      setFailure(describeFailure(error));
    }
  };

  return {
    user,
    failure,
    load: () => attempt(() => trpc.session.me.query()),
    enter: (name) => attempt(() => trpc.session.guest.mutate({ name })),
    forget: () => void setUser(null),
  };
}
