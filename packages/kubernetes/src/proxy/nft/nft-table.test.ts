import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FragmentBuilder } from './fragment.ts'
import { nftName } from './names.ts'
import { NftTable } from './nft-table.ts'

function service(endpoint: string) {
  return new FragmentBuilder()
    .chain('svc/a', [`dnat to ${endpoint}`])
    .element('ips', '10.96.0.1', 'goto svc/a')
}

/** A table that holds a Service already. */
function table() {
  const table = new NftTable('t', 'map ips { type ipv4_addr : verdict; }')
  table.set('a', service('10.0.0.1'))
  assert.match(table.transaction(0), /^add table ip t\ndelete table ip t\ntable ip t \{/)
  table.committed(0)
  return table
}

test('only what changed is written', () => {
  const it = table()
  assert.equal(it.transaction(0), '')
  it.set('a', service('10.0.0.1'))
  assert.equal(it.transaction(0), '')
  it.set('a', service('10.0.0.2'))
  assert.equal(it.transaction(0), 'flush chain ip t svc/a\nadd rule ip t svc/a dnat to 10.0.0.2\n')
})

test('a chain is emptied at once and deleted later, unless it is wanted again', () => {
  const it = table()
  it.set('a', undefined)
  assert.equal(it.transaction(0), 'delete element ip t ips { 10.96.0.1 }\nflush chain ip t svc/a\n')
  it.committed(0)
  it.set('b', new FragmentBuilder().element('ips', '10.96.0.2', 'drop'))
  assert.doesNotMatch(it.transaction(500), /svc\/a/)
  assert.match(it.transaction(1500), /delete chain ip t svc\/a\n$/)
  it.set('a', service('10.0.0.3'))
  assert.doesNotMatch(it.transaction(1500), /(add|delete) chain/)
  assert.match(it.transaction(1500), /add rule ip t svc\/a dnat to 10\.0\.0\.3/)
})

test('of two that want the same element the first has it, then the other', () => {
  const it = table()
  it.set('b', new FragmentBuilder().element('ips', '10.96.0.1', 'drop'))
  assert.equal(it.transaction(0), '')
  it.set('a', undefined)
  assert.match(
    it.transaction(0),
    /delete element ip t ips \{ 10\.96\.0\.1 \}\n.*\n?add element ip t ips \{ 10\.96\.0\.1 : drop \}/,
  )
})

test('after a failure everything is written', () => {
  const it = table()
  it.set('b', new FragmentBuilder().set('own', 'type ipv4_addr;').element('own', '10.0.0.9'))
  it.distrust()
  const text = it.transaction(0)
  assert.match(text, /delete table ip t\n/)
  assert.match(text, /set own \{ type ipv4_addr; \}/)
  assert.match(text, /add element ip t own \{ 10\.0\.0\.9 \}/)
  assert.match(text, /add rule ip t svc\/a dnat to 10\.0\.0\.1/)
  it.committed(0)
  assert.equal(it.transaction(0), '')
})

test('names stay within what nft takes, and differ', () => {
  assert.equal(nftName('svc', 'default', 'web', 'tcp', ''), 'svc/default/web/tcp/')
  const long = 'x'.repeat(250)
  assert.ok(nftName('policy-in', 'ns', `${long}1`).length <= 120)
  assert.notEqual(nftName('policy-in', 'ns', `${long}1`), nftName('policy-in', 'ns', `${long}2`))
})
