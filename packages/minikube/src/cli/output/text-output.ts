import type { MinikubeError } from '../../error.ts'
import type { Output, Streams } from './output.ts'
import { stepSigns } from './steps.ts'
import { wantsUnicode } from './wants-unicode.ts'

/** Lines for people: a sign each, emoji on terminals that show them, plain ASCII elsewhere. */
export class TextOutput implements Output {
  readonly #streams: Streams
  readonly #emoji: boolean

  constructor(streams: Streams, env: Record<string, string | undefined>) {
    this.#streams = streams
    this.#emoji = wantsUnicode(streams.stdout, env)
  }

  step(name: string, message: string): void {
    this.#out(stepSigns[name] ?? '▪️', '*', message)
  }

  info(message: string): void {
    this.#out('    ▪', '  -', message)
  }

  warn(message: string): void {
    this.#err('❗', '!', message)
  }

  print(line: string): void {
    this.#streams.stdout.write(line.endsWith('\n') ? line : `${line}\n`)
  }

  error(error: MinikubeError): void {
    this.#err('❌', 'X', `Exiting due to ${error.reason}: ${error.message}`)
    if (error.advice) this.#err('💡', '*', `Suggestion: ${error.advice}`)
    if (error.url) this.#err('📘', '*', `Documentation: ${error.url}`)
  }

  #out(emoji: string, plain: string, message: string): void {
    this.#streams.stdout.write(this.#line(emoji, plain, message))
  }

  #err(emoji: string, plain: string, message: string): void {
    this.#streams.stderr.write(this.#line(emoji, plain, message))
  }

  #line(emoji: string, plain: string, message: string): string {
    return this.#emoji ? `${emoji}  ${message}\n` : `${plain} ${message}\n`
  }
}
