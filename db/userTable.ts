import { UserEntity } from './entities.ts';
import type { Fork } from './sqlStore.ts';
import type { Store } from './store.ts';

export function userTable(fork: Fork): Pick<Store, 'addUser' | 'findUser'> {
  return {
    async addUser(user, createdAt) {
      await fork().insert(UserEntity, { ...user, createdAt });
    },
    async findUser(userId) {
      const row = await fork().findOne(UserEntity, { id: userId });
      return row && { id: row.id, name: row.name, kind: row.kind };
    },
  };
}
