import { buildScratchImage } from './scratch-image.ts'

export const pauseImage = 'registry.test/pause:1'
export const busyboxImage = 'registry.test/busybox:1'

const applets =
  `sh sleep cat echo ls id env httpd nc wget hostname touch true false date stat mount df head tail
kill trap ps mkdir readlink grep tar rm ip nslookup dd seq printf test sysctl free ulimit cut sort
wc yes usleep chmod`.split(/\s+/)

/** The archives of a pause and a busybox image, built below `directory`. */
export function buildTestImages(directory: string): string[] {
  return [
    buildScratchImage(directory, {
      name: pauseImage,
      programs: { '/pause': '/usr/bin/catatonit' },
      config: { Entrypoint: ['/pause', '-P'] },
    }),
    buildScratchImage(directory, {
      name: busyboxImage,
      programs: { '/bin/busybox': '/bin/busybox' },
      links: Object.fromEntries(applets.map((name) => [`/bin/${name}`, 'busybox'])),
      files: {
        '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\n',
        '/etc/group': 'root:x:0:\nwww:x:33:\nextra:x:44:www\n',
      },
      config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'], WorkingDir: '/' },
    }),
  ]
}
