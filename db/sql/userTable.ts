import type { Store } from '../store.ts';
import type { Database } from './database.ts';
import { UserEntity } from './entities.ts';

export function userTable(database: Database): Pick<Store, 'addUser' | 'findUser'> {
  return {
    async addUser(user, createdAt) {
      await database.fork().insert(UserEntity, { ...user, createdAt });
    },
    async findUser(userId) {
      const row = await database.fork().findOne(UserEntity, { id: userId });
      return row && { id: row.id, name: row.name, kind: row.kind };
    },
  };
}
