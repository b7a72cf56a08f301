import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bool, choice, duration, int, list, repeated, text } from './flag.ts'
import { parseFlags } from './parse-flags.ts'
import { UsageError } from './usage-error.ts'

const flags = {
  profile: text('minikube', '', { short: 'p' }),
  all: bool(false, '', { short: 'A' }),
  force: bool(true, '', { short: 'f' }),
  nodes: int(1, '', { short: 'n', min: 1 }),
  wait: duration(60_000, ''),
  names: list(['default'], ''),
  opt: repeated(''),
  output: choice(['text', 'json'], 'text', '', { short: 'o' }),
  watch: text('', '', { short: 'w', noOptDefault: '1s' }),
}
const none = { env: {}, config: {} }
const parse = (argv: string[], sources: Parameters<typeof parseFlags>[2] = none) =>
  parseFlags(flags, argv, sources)

test('values after = and after a blank, short and long', () => {
  assert.equal(parse(['--profile=a']).values.profile, 'a')
  assert.equal(parse(['--profile', 'b']).values.profile, 'b')
  assert.equal(parse(['-p', 'c']).values.profile, 'c')
  assert.equal(parse(['-pd']).values.profile, 'd')
  assert.equal(parse(['-p=e']).values.profile, 'e')
  assert.equal(parse(['--profile=']).values.profile, '')
})

test('booleans need no value and take none from the next word', () => {
  const { values, args } = parse(['--all', 'x', '--force=false'])
  assert.deepEqual([values.all, values.force, args], [true, false, ['x']])
  assert.deepEqual(parse(['-Ap', 'q']).values.profile, 'q')
  assert.equal(parse(['-Af=false']).values.force, false)
})

test('a flag with a value of its own when none is given', () => {
  assert.equal(parse(['-w']).values.watch, '1s')
  assert.equal(parse(['--watch']).values.watch, '1s')
  assert.equal(parse(['--watch=5s']).values.watch, '5s')
  assert.deepEqual(parse(['--watch', '5s']).args, ['5s'])
})

test('lists replace their default and add up', () => {
  assert.deepEqual(parse([]).values.names, ['default'])
  assert.deepEqual(parse(['--names=a,b', '--names', 'c']).values.names, ['a', 'b', 'c'])
  assert.deepEqual(parse(['--opt=a,b', '--opt=c']).values.opt, ['a,b', 'c'])
})

test('flags may follow arguments, and -- ends them', () => {
  const { args, values, afterDashes } = parse(['one', '-A', 'two', '--', '--profile=x', '-'])
  assert.deepEqual(
    [args, values.all, values.profile, afterDashes],
    [['one', 'two', '--profile=x', '-'], true, 'minikube', ['--profile=x', '-']],
  )
  assert.deepEqual(parse(['-']).args, ['-'])
})

test('what follows the first argument can belong to another program', () => {
  const { args, values } = parse(['-A', 'get', '--profile=x', '-n', 'y'], { ...none, stopAtArgument: true })
  assert.deepEqual([args, values.all, values.profile], [['get', '--profile=x', '-n', 'y'], true, 'minikube'])
})

test('command line before environment before config.json before default', () => {
  const sources = {
    env: { MINIKUBE_PROFILE: 'env', MINIKUBE_NODES: '3' },
    config: { profile: 'file', wait: '2m', names: ['x', 'y'] },
  }
  const { values, changed } = parse(['--profile=line'], sources)
  assert.deepEqual(
    [values.profile, values.nodes, values.wait, values.names, values.all],
    ['line', 3, 120_000, ['x', 'y'], false],
  )
  assert.deepEqual([...changed].sort(), ['names', 'nodes', 'profile', 'wait'])
  assert.equal(parse([], sources).values.profile, 'env')
})

for (const [argv, sentence] of [
  [['--profil=x'], /^unknown flag: --profil \(did you mean --profile\?\)$/],
  [['--nonsense'], /^unknown flag: --nonsense$/],
  [['-Ax'], /^unknown shorthand flag: 'x' in -Ax$/],
  [['--profile'], /^flag needs an argument: --profile$/],
  [['-p'], /^flag needs an argument: -p, --profile$/],
  [['--nodes=two'], /^invalid value "two" for --nodes: it must be a whole number$/],
  [['-n0'], /^invalid value "0" for -n, --nodes: it must be at least 1$/],
  [['--all=perhaps'], /^invalid value "perhaps" for --all: it must be true or false$/],
  [['--wait=6 minutes'], /^invalid value "6 minutes" for --wait: it must be a duration/],
  [['-o', 'yaml'], /^invalid value "yaml" for -o, --output: it must be one of text, json$/],
] as const) {
  test(`refuses ${argv.join(' ')}`, () => {
    assert.throws(
      () => parse([...argv]),
      (error) => error instanceof UsageError && error.exitCode === 14 && sentence.test(error.message),
    )
  })
}

test('a wrong value in the environment names the variable', () => {
  assert.throws(
    () => parse([], { env: { MINIKUBE_NODES: 'x' }, config: {} }),
    /in the environment variable MINIKUBE_NODES/,
  )
})

test('names of Object.prototype are no flags', () => {
  assert.throws(() => parse(['--toString']), /unknown flag: --toString/)
})
