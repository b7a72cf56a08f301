import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError } from '../structure/decode-error.ts'
import { decodeYaml } from './yaml.ts'

test('aliases that multiply are refused as what they are: a bad document', () => {
  const lists = Array.from('bcdefghi', (name, index) => {
    const alias = `*${'abcdefgh'[index]}`
    return `${name}: &${name} [${Array(9).fill(alias).join(',')}]\n`
  })
  assert.throws(() => decodeYaml(`a: &a [${Array(9).fill('x').join(',')}]\n${lists.join('')}`), DecodeError)
})
