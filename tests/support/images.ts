import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { installPackages } from './debian.ts'
import { writeImageArchive } from './image-archive.ts'
import { mustRun } from './run.ts'

/** Tags of the images that the scenario runs; none of them is in any registry. */
export const images = {
  busybox: 'minikube.test/busybox:1',
  postgres: 'minikube.test/postgres:15',
  nginx: 'minikube.test/nginx:1',
}

const trimmed = [
  '/usr/share/man/*',
  '/usr/share/locale/*',
  '/usr/share/doc/*',
  '/usr/share/info/*',
  '/var/cache/apt/*',
]

/** A root file system of Debian stable with some packages, as a tar. */
function debianRoot(name: string, packages: string[]): Promise<string> {
  return cached(`${name}.tar`, async (path) => {
    await installPackages(['mmdebstrap'])
    await mustRun(
      [
        'mmdebstrap',
        '--mode=root',
        '--variant=essential',
        '--format=tar',
        '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
        `--include=usr-is-merged,${packages.join(',')}`,
        '--aptopt=Apt::Install-Recommends "false"',
        ...trimmed.map((glob) => `--dpkgopt=path-exclude=${glob}`),
        'bookworm',
        path,
      ],
      { timeout: 600_000 },
    )
  })
}

/** Debian's PostgreSQL server, root file system only: the scenario builds the image from it with `minikube image build`. */
export const postgresRoot = (): Promise<string> =>
  debianRoot('postgres-root', ['postgresql-15', 'postgresql-client-15'])

/** Debian's nginx. */
export const nginxRoot = (): Promise<string> => debianRoot('nginx-root', ['nginx-light'])

/** A docker-archive with a static busybox: shell, httpd, nc, wget, nslookup. */
export function busyboxArchive(): Promise<string> {
  return cached('busybox.tar', async (path) => {
    await installPackages(['busybox-static'])
    const work = await mkdtemp(join(tmpdir(), 'busybox-image-'))
    try {
      const tree = join(work, 'root')
      for (const folder of ['bin', 'etc', 'tmp', 'home', 'var', 'www', 'root']) {
        await mkdir(join(tree, folder), { recursive: true })
      }
      await chmod(join(tree, 'tmp'), 0o1777)
      await copyFile('/bin/busybox', join(tree, 'bin/busybox'))
      const { stdout } = await mustRun(['/bin/busybox', '--list'])
      for (const applet of stdout.trim().split('\n')) {
        if (applet !== 'busybox') await symlink('busybox', join(tree, 'bin', applet))
      }
      await writeFile(
        join(tree, 'etc/passwd'),
        'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\n',
      )
      await writeFile(join(tree, 'etc/group'), 'root:x:0:\nuser:x:1000:\n')
      await mustRun([
        'tar',
        '-C',
        tree,
        '--numeric-owner',
        '--owner=0',
        '--group=0',
        '-cf',
        join(work, 'layer.tar'),
        '.',
      ])
      await writeImageArchive(path, images.busybox, join(work, 'layer.tar'), {
        Cmd: ['sh'],
        Env: ['PATH=/bin'],
      })
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  })
}
