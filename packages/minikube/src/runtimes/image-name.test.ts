import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wholeImageName } from './image-name.ts'

for (const [short, whole] of [
  ['web', 'docker.io/library/web:latest'],
  ['web:2', 'docker.io/library/web:2'],
  ['me/web', 'docker.io/me/web:latest'],
  ['registry.test/web', 'registry.test/web:latest'],
  ['localhost/web:1', 'localhost/web:1'],
  ['registry.test:5000/a/b', 'registry.test:5000/a/b:latest'],
  [`web@sha256:${'a'.repeat(64)}`, `docker.io/library/web@sha256:${'a'.repeat(64)}`],
  ['b'.repeat(64), 'b'.repeat(64)],
] as const) {
  test(`${short} is ${whole}`, () => assert.equal(wholeImageName(short), whole))
}
