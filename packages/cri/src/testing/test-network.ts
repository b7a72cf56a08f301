import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TestNetwork {
  bridge: string
  /** Like `213.7` for 10.213.7.0/24. */
  subnet: string
  ipamDir: string
}

/** A CNI configuration with a bridge of its own. */
export function writeTestNetwork(confDir: string, { bridge, subnet, ipamDir }: TestNetwork): void {
  writeFileSync(
    join(confDir, '10-test.conflist'),
    JSON.stringify({
      cniVersion: '0.4.0',
      name: `test-${bridge}`,
      plugins: [
        {
          type: 'bridge',
          bridge,
          isGateway: true,
          hairpinMode: true,
          ipam: {
            type: 'host-local',
            dataDir: ipamDir,
            ranges: [[{ subnet: `10.${subnet}.0/24` }]],
            routes: [{ dst: '0.0.0.0/0' }],
          },
        },
      ],
    }),
  )
}
