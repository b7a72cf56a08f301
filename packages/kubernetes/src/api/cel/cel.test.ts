import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CelEnvironment, compileCel } from './cel.ts'
import { CelCompileError } from './cel-error.ts'
import { dyn, int, listOf, mapOf, objectType, string } from './cel-type.ts'
import { celFromJson, celToJson } from './json.ts'

const environment: CelEnvironment = {
  variables: {
    object: dyn,
    self: objectType('object', {
      replicas: int,
      name: string,
      labels: mapOf(string, string),
      ports: { ...listOf(int), listType: 'set' },
      __namespace__: string,
      max__dash__size: int,
    }),
  },
}
const data = {
  object: {
    metadata: { name: 'web', labels: { 'a/b': 'c' } },
    spec: { replicas: 3, ratio: 0.5, none: null },
  },
  self: { replicas: 2, name: 'web', labels: { app: 'x' }, ports: [80, 443], namespace: 'n', 'max-size': 4 },
}

function run(source: string): unknown {
  const program = compileCel(source, environment)
  return celToJson(
    program.evaluate({
      object: celFromJson(data.object),
      self: celFromJson(data.self, environment.variables.self),
    }),
  )
}

test('expressions and what they are', () => {
  for (const [source, expected] of [
    ['1 + 2 * 3 - 4 / 2', 5],
    ['-7 % 4', -3],
    ['7.0 / 2.0', 3.5],
    ["'a' + \"b\" + r'\\n' + '''c'''", 'ab\\nc'],
    ["'\\u00e9'.size()", 1],
    ['0x1F', 31],
    ['10u > 3', true],
    ['1 < 1.5 && 2u >= 2', true],
    ['dyn(1) == 1.0', true],
    ['[1, 2] + [3]', [1, 2, 3]],
    ["{'a': 1}.a", 1],
    ["{'a': 1}['a'] == 1 && 'a' in {'a': 1}", true],
    ['2 in [1, 2]', true],
    ['[1, 2, 3].all(x, x > 0)', true],
    ['[1, 2, 3].exists(x, x > 2)', true],
    ['[1, 2, 3].exists_one(x, x > 2)', true],
    ['[1, 2, 3].filter(x, x > 1).map(y, y * 2)', [4, 6]],
    ['[1, 2, 3].map(x, x > 1, x * 10)', [20, 30]],
    ["{'a': 1, 'b': 2}.map(k, k)", ['a', 'b']],
    ['[5, 6].transformMap(i, v, v * 2)', { 0: 10, 1: 12 }],
    ["{'a': 1}.transformList(k, v, k + string(v))", ['a1']],
    ["{'a': 'b'}.transformMapEntry(k, v, {v: k})", { b: 'a' }],
    ['true ? 1 : 2', 1],
    // What decides wins over an error.
    ['false && 1 / 0 == 1', false],
    ['1 / 0 == 1 || true', true],
    ['[1, 0].exists(x, 1 / x == 1)', true],
    ['has(object.spec) && !has(object.spec.nothing)', true],
    ['object.spec.replicas + 1', 4],
    ['object.spec.ratio * 2.0', 1],
    ['object.spec.none == null', true],
    ["object.metadata.labels['a/b']", 'c'],
    ['object.?spec.?nothing.orValue(7)', 7],
    ["object.metadata.labels[?'x'].hasValue()", false],
    ['object.?spec.replicas.optMap(n, n * 2).value()', 6],
    ['[?optional.none(), 1]', [1]],
    ['self.replicas > 1 && self.__namespace__ == "n" && self.max__dash__size == 4', true],
    ['self.ports == [443, 80]', true],
    ['self.ports + [80, 8080]', [80, 443, 8080]],
    ["type(1) == int && type('a') == string && type([]) == list", true],
    ["int('42') + int(3.9)", 45],
    ["string(1.5) + string(true) + string(duration('90s'))", '1.5true90s'],
    ["timestamp('2026-03-01T10:00:00Z').getHours('Europe/Berlin')", 11],
    ["timestamp('2026-03-01T10:00:00Z') + duration('36h')", '2026-03-02T22:00:00Z'],
    ["duration('1h30m').getMinutes()", 90],
  ] as const) {
    assert.deepEqual(run(source), expected, source)
  }
})

test('the libraries of Kubernetes', () => {
  for (const [source, expected] of [
    ["'abc'.charAt(1) + 'a-b-c'.replace('-', '', 1) + ' x '.trim()", 'bab-cx'],
    ["'a,b,c'.split(',', 2)", ['a', 'b,c']],
    ["['a', 'b'].join('-')", 'a-b'],
    ["'hello'.substring(1, 3) + 'Hi'.lowerAscii()", 'elhi'],
    ["'%s has %d of %.2f, %x'.format(['web', 3, 1.5, 255])", 'web has 3 of 1.50, ff'],
    ["'%s'.format([{'a': [1, 'x']}])", '{"a": [1, "x"]}'],
    ["'a1b22'.find('[0-9]+') + string('a1b22'.findAll('[0-9]+').size())", '12'],
    ["'abc'.matches('^a.c$')", true],
    ['[3, 1, 2].max() + [3, 1].min() + [1, 2].sum()', 7],
    ['[1, 2, 2].isSorted() && [1, 2, 1].lastIndexOf(1) == 2', true],
    ['[3, 1, 2].sort().reverse().slice(0, 2)', [3, 2]],
    ['[[1], [2, 3]].flatten()', [1, 2, 3]],
    ['[1, 1, 2].distinct().first().value()', 1],
    ["['bb', 'a'].sortBy(x, x.size())", ['a', 'bb']],
    ['sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1])', true],
    ["quantity('1.5Gi').isGreaterThan(quantity('1G')) && isQuantity('3m') && !isQuantity('x')", true],
    ["quantity('50k').add(20).asInteger()", 50020],
    ["quantity('0.5').add(quantity('500m')) == quantity('1')", true],
    ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && ip('::1').isLoopback() && isIP('1.2.3.4')", true],
    ["string(cidr('192.168.1.5/24').masked()) + string(ip('2001:DB8::1'))", '192.168.1.0/242001:db8::1'],
    ["url('https://user@example.com:80/a%20b?x=1&x=2').getHost()", 'example.com:80'],
    ["url('https://example.com/?x=1&x=2').getQuery()['x']", ['1', '2']],
    ["isURL('nothing') || !isURL('/path')", false],
    [
      "format.dns1123Label().validate('Web').hasValue() && !format.dns1123Label().validate('web').hasValue()",
      true,
    ],
    ["semver('1.2.3').isLessThan(semver('1.10.0')) && isSemver('v1.2', true) && !isSemver('v1.2')", true],
    ["jsonpatch.escapeKey('a/b~c')", 'a~1b~0c'],
  ] as const) {
    assert.deepEqual(run(source), expected, source)
  }
})

function compileError(source: string): string {
  try {
    compileCel(source, environment)
  } catch (error) {
    assert.ok(error instanceof CelCompileError)
    return error.message
  }
  return ''
}

test('what means nothing is refused, with its place', () => {
  for (const [source, expected] of [
    ['self.nope > 1', "ERROR: <input>:1:5: undefined field 'nope'\n | self.nope > 1\n | ....^"],
    ['foo', "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^"],
    [
      "self.replicas == 'x'",
      "ERROR: <input>:1:15: found no matching overload for '_==_' applied to '(int, string)'\n | self.replicas == 'x'\n | ..............^",
    ],
    [
      'self.name.startsWith(1)',
      "ERROR: <input>:1:21: found no matching overload for 'startsWith' applied to 'string.(int)'\n | self.name.startsWith(1)\n | ....................^",
    ],
    [
      '1 +',
      "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^",
    ],
    ["[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^"],
    [
      'self.name.all(x, true)',
      "ERROR: <input>:1:5: expression of type 'string' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.name.all(x, true)\n | ....^",
    ],
    ["duration('x')", "ERROR: <input>:1:10: invalid duration argument\n | duration('x')\n | .........^"],
    [
      'unknown(1) && self.replicas',
      "ERROR: <input>:1:8: undeclared reference to 'unknown' (in container '')\n | unknown(1) && self.replicas\n | .......^\nERROR: <input>:1:19: expected type 'bool' but found 'int'\n | unknown(1) && self.replicas\n | ..................^",
    ],
  ] as const) {
    assert.equal(compileError(source), expected, source)
  }
})

test('what cannot be computed says why', () => {
  for (const [source, message] of [
    ['1 / 0', 'division by zero'],
    ['9223372036854775807 + 1', 'integer overflow'],
    ['object.nothing', 'no such key: nothing'],
    ['[1][5]', 'index out of bounds: 5'],
    ['object.spec + 1', 'no such overload'],
    ['optional.none().value()', 'optional.none() dereference'],
    ["int('x')", 'strconv.ParseInt: parsing "x": invalid syntax'],
    ["quantity('x')", /quantities must match/],
    ['[].min()', 'min called on empty list'],
  ] as const) {
    assert.throws(() => run(source), { message }, source)
  }
})

test('an expression may cost only so much', () => {
  const many = Array.from({ length: 2000 }, (_each, index) => index)
  const program = compileCel('object.all(x, object.all(y, x + y >= 0))', environment)
  const budget = { left: 10_000_000 }
  assert.throws(() => program.evaluate({ object: celFromJson(many) }, budget), {
    message: 'operation cancelled: actual cost limit exceeded',
  })
  assert.ok(budget.left < 10_000_000)
})
