import { watch } from 'node:fs'
import { open } from 'node:fs/promises'
import { type Command, oneArgument, text, UsageError } from '../command.ts'

export const exec: Command = {
  usage: '[--timeout SECONDS] CONTAINER-ID COMMAND [ARG...]',
  about: 'Run a command in a running container and show what it said',
  options: {
    timeout: { type: 'string' },
    sync: { type: 'boolean', short: 's' },
    interactive: { type: 'boolean', short: 'i' },
    tty: { type: 'boolean', short: 't' },
  },
  async run(context) {
    const [containerId, ...cmd] = context.args
    if (!containerId || cmd.length === 0) throw new UsageError('CONTAINER-ID and COMMAND expected')
    if (context.options.interactive || context.options.tty)
      throw new UsageError("exec has no terminal here: 'kubectl exec -it' opens one")
    const timeout = Number(text(context, 'timeout') ?? 0)
    const { stdout, stderr, exitCode } = await context.cri.execSync(
      { containerId, cmd, timeout },
      { signal: context.signal },
    )
    context.write(Buffer.from(stdout).toString())
    context.writeError(Buffer.from(stderr).toString())
    return exitCode
  },
}

export const logs: Command = {
  usage: '[--follow] [--tail N] [--timestamps] CONTAINER-ID',
  about: 'Show the log of a container',
  options: {
    follow: { type: 'boolean', short: 'f' },
    tail: { type: 'string', short: 'n' },
    timestamps: { type: 'boolean', short: 't' },
  },
  async run(context) {
    const containerId = oneArgument(context, 'CONTAINER-ID')
    const { status } = await context.cri.containerStatus({ containerId })
    if (!status?.logPath) throw new UsageError('the container has no log')
    const file = await open(status.logPath, 'r')
    try {
      const lines = (await file.readFile('utf8')).split('\n').filter(Boolean)
      const tail = text(context, 'tail')
      const shown =
        tail === undefined || Number(tail) < 0
          ? lines
          : lines.slice(lines.length - Math.min(lines.length, Number(tail)))
      for (const line of shown) show(line)
      if (context.options.follow) await follow()
    } finally {
      await file.close()
    }
    return 0

    function show(line: string): void {
      const [, time = '', stream, tag, content = ''] = /^(\S+) (\S+) (\S+) ?(.*)$/s.exec(line) ?? []
      const write = stream === 'stderr' ? context.writeError : context.write
      write(`${context.options.timestamps ? `${time} ` : ''}${content}${tag === 'P' ? '' : '\n'}`)
    }

    async function follow(): Promise<void> {
      let rest = ''
      const read = async (): Promise<void> => {
        const text = rest + (await file.readFile('utf8'))
        const end = text.lastIndexOf('\n') + 1
        rest = text.slice(end)
        for (const line of text.slice(0, end).split('\n').filter(Boolean)) show(line)
      }
      await new Promise<void>((resolve, reject) => {
        let reading = Promise.resolve()
        const watcher = watch(status!.logPath, { signal: context.signal }, () => {
          reading = reading.then(read).catch(reject)
        })
        watcher.once('close', resolve)
      })
    }
  },
}
