import assert from 'node:assert/strict'
import { test } from 'node:test'
import { baseImages } from './dockerfile.ts'

test('bases without scratch and without own stages', () => {
  const text = `ARG BASE=debian:12
FROM --platform=linux/amd64 \${BASE} AS build
RUN echo FROM nothing
FROM scratch
COPY --from=build /a /a
COPY --chown=1:1 --from=busybox:1 /bin /bin
COPY --from=0 /b /b
FROM build AS again
FROM $UNKNOWN
from \\
  alpine
`
  assert.deepEqual(baseImages(text), ['debian:12', 'busybox:1', 'alpine'])
})
