import { expect, test } from 'vitest';
import { readMysqlUrl } from './url.ts';

const address = {
  host: 'db.example.org',
  port: 3_306,
  user: 'ann',
  password: 'p@ss',
  database: 'chat',
  tls: null,
};

test.each([
  ['mysql://ann:p%40ss@db.example.org/chat', address],
  ['mysql://ann:p%40ss@db.example.org:3307/chat', { ...address, port: 3_307 }],
  ['mysql://ann@db.example.org/chat', { ...address, password: '' }],
  ['mysql://ann:100%25@db.example.org/chat', { ...address, password: '100%' }],
  ['mysql://ann:p%40ss@[::1]:3307/chat', { ...address, host: '::1', port: 3_307 }],
  ['mysql://ann:p%40ss@[2001:db8::7]/chat', { ...address, host: '2001:db8::7' }],
  ['mysql://ann:p%40ss@db.example.org/chat?tls=true', { ...address, tls: { ca: undefined } }],
  ['mysql://ann:p%40ss@db.example.org/chat?ssl=true', { ...address, tls: { ca: undefined } }],
  ['mysql://ann:p%40ss@db.example.org/chat?ssl=false', address],
])('%s leads to its server', (url, expected) => {
  expect(readMysqlUrl(url)).toEqual(expected);
});

test.each([
  ['mysql://', /must be mysql:/],
  ['mysql://host', /must be mysql:/],
  ['mysql:host/db', /must be mysql:/],
  ['mysql://ann:secret@/db', /must be mysql:/],
  ['mysql://ann:secret@host/', /must be mysql:/],
  ['mysql://ann:secret@host/a/b', /must be mysql:/],
  ['mysql://ann:secret@host:0/db', /must be mysql:/],
  ['mysql://ann:secret@host:65536/db', /must be mysql:/],
  ['mysql://ann:se/cret@host/db', /must be mysql:/],
  ['mysql://ann:secret%@host/db', /percent-encoded/],
  ['mysql://ann:secret%zz@host/db', /percent-encoded/],
  ['mysql://ann:secret@host/db?sslmode=require', /unknown option “sslmode”/],
  ['mysql://ann:secret@host/db?socketPath=/run/mysqld.sock', /unknown option “socketPath”/],
  ['mysql://ann:secret@host/db?tls=yes', /must be true or false/],
  ['mysql://ann:secret@host/db?tls', /must be true or false/],
  ['mysql://ann:secret@host/db?ssl=true&tls=false', /must be true or false/],
  ['mysql://ann:secret@host/db?ssl=false&ca=/a.pem', /turns TLS off/],
  ['mysql://ann:secret@host/db?ca=/nowhere.pem', /cannot be read/],
])('%s is refused in words that leave out its password', (url, words) => {
  const refused = () => readMysqlUrl(url);
  expect(refused).toThrow(/^DATABASE_URL /);
  expect(refused).toThrow(words);
  expect(refused).not.toThrow(/secret/);
});
