import assert from 'node:assert/strict'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { busyboxArchive, images as names, nginxRoot, postgresRoot } from '../../support/images.ts'
import type { Stage } from './scenario.ts'

/** Builds an image from a Dockerfile next to a root file system. */
async function build(
  stage: Stage,
  tag: string,
  rootTar: string | undefined,
  dockerfile: string,
): Promise<void> {
  const context = join(stage.cluster.home, `build-${tag.replaceAll(/\W/g, '-')}`)
  await mkdir(context, { recursive: true })
  if (rootTar) await copyFile(rootTar, join(context, 'root.tar'))
  await writeFile(join(context, 'Dockerfile'), dockerfile)
  await stage.cluster.minikube(['image', 'build', '-t', tag, context], { timeout: 600_000 })
  await rm(context, { recursive: true, force: true })
}

async function listed(stage: Stage): Promise<string[]> {
  const rows: { repoTags: string[] }[] = JSON.parse(
    await stage.cluster.minikube(['image', 'ls', '--format', 'json']),
  )
  return rows.flatMap((row) => row.repoTags)
}

export function images(stage: Stage): void {
  it('image load brings an archive in, image ls shows it', async () => {
    await stage.cluster.minikube(['image', 'load', await busyboxArchive()])
    assert.ok((await listed(stage)).includes(names.busybox))
    assert.match(await stage.cluster.minikube(['image', 'ls']), /minikube\.test\/busybox/)
  })

  it('image build FROM scratch: PostgreSQL from its package', async () => {
    await build(
      stage,
      names.postgres,
      await postgresRoot(),
      [
        'FROM scratch',
        'ADD root.tar /',
        'ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/data/pg',
        'USER postgres',
        'CMD ["sh", "-c", "test -s $PGDATA/PG_VERSION || { initdb -A trust -U postgres >/dev/null && echo host all all all trust >> $PGDATA/pg_hba.conf; }; exec postgres -c listen_addresses=* -c unix_socket_directories=/tmp -c jit=off"]',
        '',
      ].join('\n'),
    )
    assert.ok((await listed(stage)).includes(names.postgres))
  })

  it('image build with RUN, on a base that was built before: nginx', async () => {
    await build(
      stage,
      'minikube.test/nginx-base:1',
      await nginxRoot(),
      'FROM scratch\nADD root.tar /\nENV PATH=/usr/sbin:/usr/bin:/sbin:/bin\n',
    )
    await build(
      stage,
      names.nginx,
      undefined,
      [
        'FROM minikube.test/nginx-base:1',
        'RUN echo "served by nginx" > /var/www/html/index.html && rm -f /var/www/html/index.nginx-debian.html',
        'EXPOSE 80',
        'CMD ["nginx", "-g", "daemon off;"]',
        '',
      ].join('\n'),
    )
    assert.ok((await listed(stage)).includes(names.nginx))
  })

  it('image build on a base that was loaded', async () => {
    const tag = 'minikube.test/on-loaded:1'
    await build(
      stage,
      tag,
      undefined,
      `FROM ${names.busybox}\nRUN echo built > /made\nCMD ["cat", "/made"]\n`,
    )
    assert.ok((await listed(stage)).includes(tag))
    await stage.cluster.minikube(['image', 'rm', tag])
  })

  it('image tag, save and rm do what they say', async () => {
    const { cluster } = stage
    await cluster.minikube(['image', 'tag', names.busybox, 'minikube.test/copy:1'])
    assert.ok((await listed(stage)).includes('minikube.test/copy:1'))
    const saved = join(cluster.home, 'saved.tar')
    await cluster.minikube(['image', 'save', 'minikube.test/copy:1', saved])
    await cluster.minikube(['image', 'rm', 'minikube.test/copy:1'])
    assert.ok(!(await listed(stage)).includes('minikube.test/copy:1'))
    await cluster.minikube(['image', 'load', saved])
    assert.ok((await listed(stage)).includes('minikube.test/copy:1'))
    await cluster.minikube(['image', 'rm', 'minikube.test/copy:1'])
    assert.ok((await listed(stage)).includes(names.busybox))
    await rm(saved)
  })

  it('a broken archive, a missing file and an unknown image are told clearly', async () => {
    const { cluster } = stage
    const broken = await cluster.writeFile('broken.tar', 'this is no tar')
    for (const args of [
      ['load', broken],
      ['load', join(cluster.home, 'nothing.tar')],
      ['rm', 'minikube.test/unknown:1'],
      ['build', '-t', 'minikube.test/x:1', join(cluster.home, 'no-such-folder')],
    ]) {
      const ran = await cluster.tryMinikube(['image', ...args])
      assert.notEqual(ran.code, 0, args.join(' '))
      assert.match(ran.stderr + ran.stdout, /Exiting due to/, args.join(' '))
    }
  })
}
