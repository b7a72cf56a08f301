import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineMessages } from './message-type.ts'

const messages = defineMessages<{
  All: {
    text: string
    big: number
    small: number
    yes: boolean
    raw: Uint8Array
    ratio: number
    names: string[]
    numbers: number[]
    map: Record<string, string>
    child?: { value: number }
    children: { value: number }[]
    byName: Record<string, { value: number }>
  }
  Child: { value: number }
  Newer: { text: string; extra: string; more: { value: number }[] }
}>({
  All: 'text:1:string big:2:int64 small:3:int32 yes:4:bool raw:5:bytes ratio:6:double names:7:*string numbers:8:*int64 map:9:string>string child:10:Child children:11:*Child byName:20:string>Child',
  Child: 'value:1:int64',
  Newer: 'text:1:string extra:100:string more:101:*Child',
})

test('every type survives a round trip', () => {
  const value = {
    text: 'Grüße',
    big: 1_700_000_000_123_456_800,
    small: -2_147_483_648,
    yes: true,
    raw: Buffer.from([0, 255]),
    ratio: 0.1,
    names: ['', 'b'],
    numbers: [0, -1, Number.MAX_SAFE_INTEGER, -9_007_199_254_740_991],
    map: { a: '', b: 'c' },
    child: { value: 0 },
    children: [{ value: 300 }, { value: 0 }],
    byName: { x: { value: 1 }, y: { value: 0 } },
  }
  const type = messages('All')
  assert.deepEqual(type.decode(type.encode(value)), value)
})

test('the bytes are those of the protobuf definition', () => {
  // From the encoding guide: field 1 = 150 and field 2 = "testing"; -1 takes ten bytes.
  assert.equal(messages('Child').encode({ value: 150 }).toString('hex'), '089601')
  assert.equal(messages('Child').encode({ value: -1 }).toString('hex'), '08ffffffffffffffffff01')
  assert.equal(
    messages('All')
      .encode({ numbers: [3, 270, 86942] })
      .toString('hex'),
    '4206038e029ea705',
  )
})

test('absent fields get their defaults, unknown ones are skipped', () => {
  const bytes = messages('Newer').encode({ text: 'x', extra: 'unknown', more: [{ value: 5 }] })
  const value = messages('All').decode(bytes)
  assert.equal(value.text, 'x')
  assert.equal(value.child, undefined)
  assert.deepEqual([value.big, value.yes, value.names, value.map], [0, false, [], {}])
})

test('truncated bytes are refused', () => {
  const bytes = messages('All').encode({ text: 'long enough' })
  assert.throws(() => messages('All').decode(bytes.subarray(0, 6)), /truncated/)
})
