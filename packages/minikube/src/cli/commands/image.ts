import { type Command, defineCommand } from '../command.ts'
import { bool, choice, list as listFlag, repeated, text } from '../flag.ts'
import { framedTable } from '../output/table.ts'

const ignored = {
  daemon: bool(true, '', { hidden: true }),
  remote: bool(false, '', { hidden: true }),
  overwrite: bool(true, '', { hidden: true }),
  pull: bool(false, '', { hidden: true }),
}

const load: Command = defineCommand({
  name: 'load',
  summary: 'Loads images out of an archive',
  description:
    "Loads images out of an archive (docker or OCI, plain, gzip or zstd); '-' is standard input. With a name instead of a file, docker or podman of this machine is asked for that image.",
  usage: 'ARCHIVE|IMAGE|- [...]',
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  flags: ignored,
  async run({ args, profile, home, output, work }) {
    const { loadImages } = await import('../../cluster/images.ts')
    for (const name of args)
      for (const loaded of await loadImages(home, profile, name, work)) output.print(`Loaded ${loaded}`)
    return 0
  },
})

const list: Command = defineCommand({
  name: 'ls',
  aliases: ['list'],
  summary: 'Lists the images of the cluster',
  flags: { format: choice(['short', 'table', 'json', 'yaml'], 'short', 'short, table, json or yaml') },
  async run({ flags, profile, home, output }) {
    const { listImages } = await import('../../cluster/images.ts')
    const images = await listImages(home, profile)
    if (flags.format === 'short') {
      for (const name of images.flatMap(({ tags, id }) => (tags.length > 0 ? tags : [id])).sort())
        output.print(name)
    } else if (flags.format === 'table') {
      const rows = images.flatMap(({ id, tags, size }) =>
        (tags.length > 0 ? tags : ['<none>:<none>']).map((tag) => {
          const colon = tag.lastIndexOf(':')
          return [
            tag.slice(0, colon),
            tag.slice(colon + 1),
            id.replace(/^sha256:/, '').slice(0, 13),
            humanSize(size),
          ]
        }),
      )
      output.print(framedTable(['IMAGE', 'TAG', 'IMAGE ID', 'SIZE'], rows))
    } else {
      const rows = images.map(({ id, digests, tags, size }) => ({
        id: id.replace(/^sha256:/, ''),
        repoDigests: digests,
        repoTags: tags,
        size: String(size),
      }))
      if (flags.format === 'json') output.print(JSON.stringify(rows))
      else output.print((await import('yaml')).stringify(rows))
    }
    return 0
  },
})

const remove: Command = defineCommand({
  name: 'rm',
  aliases: ['remove', 'unload'],
  summary: 'Removes images',
  usage: 'IMAGE [...]',
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ args, profile, home }) {
    const { removeImage } = await import('../../cluster/images.ts')
    for (const name of args) await removeImage(home, profile, name)
    return 0
  },
})

const save: Command = defineCommand({
  name: 'save',
  summary: 'Writes an image into an archive',
  usage: 'IMAGE [ARCHIVE|-]',
  args: { min: 1, max: 2 },
  flags: ignored,
  async run({ args, profile, home, output, work }) {
    const { saveImage } = await import('../../cluster/images.ts')
    const target = args[1] ?? `${args[0]!.replaceAll(/[/:]/g, '_')}.tar`
    await saveImage(home, profile, args[0]!, target, work)
    if (target !== '-') output.print(`Saved ${args[0]} to ${target}`)
    return 0
  },
})

const tag: Command = defineCommand({
  name: 'tag',
  summary: 'Gives an image another name',
  usage: 'IMAGE NAME',
  args: { min: 2, max: 2 },
  async run({ args, profile, home }) {
    const { tagImage } = await import('../../cluster/images.ts')
    await tagImage(home, profile, args[0]!, args[1]!)
    return 0
  },
})

const pull: Command = defineCommand({
  name: 'pull',
  summary: 'Pulls images from a registry',
  usage: 'IMAGE [...]',
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ args, profile, home, work }) {
    const { pullImage } = await import('../../cluster/images.ts')
    for (const name of args) await pullImage(home, profile, name, work)
    return 0
  },
})

const push: Command = defineCommand({
  name: 'push',
  summary: 'Pushes images to a registry',
  usage: 'IMAGE [...]',
  args: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ args, profile, home, work }) {
    const { pushImage } = await import('../../cluster/images.ts')
    for (const name of args) await pushImage(home, profile, name, work)
    return 0
  },
})

const build: Command = defineCommand({
  name: 'build',
  summary: 'Builds an image in the cluster',
  description:
    "Builds an image from a Dockerfile and loads it into the cluster. Bases are scratch, images of the cluster, or a registry's. '-' reads a tar of the directory from standard input.",
  usage: 'DIRECTORY|-',
  args: { min: 1, max: 1 },
  flags: {
    tag: listFlag([], 'Name of the image', { short: 't' }),
    file: text('', 'Dockerfile, below the directory', { short: 'f' }),
    'build-opt': repeated('Option for the builder, without --: build-arg=NAME=VALUE'),
    'build-env': repeated('Environment of the builder: NAME=VALUE'),
    push: bool(false, 'Push it when it is built'),
    all: bool(false, '', { hidden: true }),
    node: text('', '', { short: 'n', hidden: true }),
  },
  async run({ flags, args, profile, home, output, work }) {
    const { buildImage } = await import('../../cluster/build-image.ts')
    const built = await buildImage(
      home,
      profile,
      {
        context: args[0]!,
        file: flags.file,
        tags: flags.tag,
        options: flags['build-opt'],
        env: flags['build-env'],
      },
      work,
    )
    for (const name of built) output.print(`Built ${name}`)
    if (flags.push) {
      const { pushImage } = await import('../../cluster/images.ts')
      for (const name of flags.tag) await pushImage(home, profile, name, work)
    }
    return 0
  },
})

export const image = defineCommand({
  name: 'image',
  summary: 'Manages images',
  commands: [build, list, load, pull, push, remove, save, tag].map((command) => ({
    name: command.name,
    ...(command.aliases && { aliases: command.aliases }),
    summary: command.summary,
    load: async () => command,
  })),
})

/** As minikube shows sizes: decimal units, three digits. */
function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`
}
