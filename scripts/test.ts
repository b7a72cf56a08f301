/**
 * Runs the tests and closes with `N passed, N failed, N skipped`.
 * usage: scripts/with-node scripts/test.ts [unit|acceptance] [PATH-PART...]
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { installPackages } from '../tests/support/debian.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Tally {
  passed: number
  failed: number
  skipped: number
}

interface Suite {
  pattern: string
  concurrency: number
  /** Milliseconds that one file may take; a hanging test must not cost the whole run. */
  timeout: number
  /** Debian packages with the real programs that these tests run. */
  packages: string[]
}

// The acceptance scenario comes first: on a fresh machine it sees what `start` installs and `delete` removes, before the
// programs that the other tests run are installed for good.
const suites: Record<string, Suite> = {
  acceptance: { pattern: 'tests/acceptance/**/*.test.ts', concurrency: 1, timeout: 2_400_000, packages: [] },
  unit: {
    pattern: 'packages/*/src/**/*.test.ts',
    concurrency: availableParallelism(),
    timeout: 180_000,
    packages: [
      'busybox-static',
      'catatonit',
      'conntrack',
      'containerd',
      'containernetworking-plugins',
      'iproute2',
      'nftables',
      'openssl',
      'runc',
    ],
  },
}

const words = process.argv.slice(2)
const only = words[0] !== undefined && words[0] in suites ? words.shift() : undefined
const parts = words

async function runSuite(name: string, tally: Tally): Promise<void> {
  const { pattern, concurrency, timeout, packages } = suites[name]
  const files = globSync(pattern, { cwd: root, exclude: (path) => path.includes('node_modules') })
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort()
  process.stdout.write(`\n${name}: ${files.length} files\n`)
  if (files.length === 0) return
  if (packages.length > 0 && process.getuid?.() === 0) await installPackages(packages)
  const events = run({ files: files.map((file) => join(root, file)), concurrency, timeout, cwd: root })
  events.on('test:pass', (test) => {
    if (test.details.type === 'suite') {
      if (test.skip) {
        tally.skipped++
        process.stdout.write(`skip ${test.name}: ${test.skip === true ? '' : test.skip}\n`)
      }
      return
    }
    if (test.skip !== undefined && test.skip !== false) {
      tally.skipped++
      process.stdout.write(`skip ${test.name}: ${test.skip === true ? '' : test.skip}\n`)
    } else if (test.name !== test.file) {
      tally.passed++
      if (name === 'acceptance')
        process.stdout.write(`pass ${test.name} (${Math.round(test.details.duration_ms)} ms)\n`)
    }
  })
  events.on('test:fail', (test) => {
    const error = test.details.error as Error & { failureType?: string; cause?: unknown }
    // A suite fails because of what is in it; that was counted already.
    if (error.failureType === 'subtestsFailed') return
    tally.failed++
    const cause =
      error.cause instanceof Error
        ? (error.cause.stack ?? error.cause.message)
        : String(error.cause ?? error.message)
    process.stdout.write(
      `FAIL ${test.name} (${test.file?.slice(root.length)}:${test.line})\n${cause.slice(0, 6000)}\n`,
    )
  })
  events.on('test:stderr', ({ message }) => process.stderr.write(message))
  if (name === 'acceptance') events.on('test:stdout', ({ message }) => process.stdout.write(message))
  for await (const _ of events) {
    // The listeners above do the work; the stream has to be drained.
  }
}

const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
for (const name of Object.keys(suites)) {
  if (only === undefined || only === name) await runSuite(name, tally)
}
process.stdout.write(`\n${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`)
process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0
