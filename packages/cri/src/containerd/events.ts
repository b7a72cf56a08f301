import type { CallOptions } from '../call.ts'
import type { GrpcChannel } from '../grpc/channel.ts'
import { defineMessages } from '../protobuf/message-type.ts'

interface Messages {
  SubscribeRequest: { filters: string[] }
  Any: { typeUrl: string; value: Uint8Array }
  Envelope: { namespace: string; topic: string; event?: { typeUrl: string; value: Uint8Array } }
  TaskEvent: { containerId: string; id: string }
}

const messages = defineMessages<Messages>({
  SubscribeRequest: 'filters:1:*string',
  Any: 'typeUrl:1:string value:2:bytes',
  Envelope: 'namespace:2:string topic:3:string event:4:Any',
  // containerd.events.TaskExit; of TaskOOM and TaskStart only field 1 is the same, which is the one read.
  TaskEvent: 'containerId:1:string id:2:string',
})

const topics = ['/tasks/exit', '/tasks/oom', '/images/create', '/images/update', '/images/delete'] as const

export interface ContainerdEvent {
  topic: (typeof topics)[number]
  /** Empty for images. */
  containerId: string
}

/**
 * containerd's own events of CRI's containers and sandboxes that ended or ran out of memory, and of images. Older containerd (1.6) has no
 * CRI event stream; this one is on the same socket. Ends of exec'ed processes are left out.
 */
export async function* containerdEvents(
  channel: GrpcChannel,
  options: CallOptions,
): AsyncGenerator<ContainerdEvent> {
  const request = messages('SubscribeRequest').encode({
    filters: topics.map((topic) => `namespace==k8s.io,topic=="${topic}"`),
  })
  const path = '/containerd.services.events.v1.Events/Subscribe'
  for await (const bytes of channel.stream(path, request, options)) {
    const { topic: name, event } = messages('Envelope').decode(bytes)
    const topic = topics.find((known) => known === name)
    if (!topic || !event) continue
    if (topic.startsWith('/images/')) {
      yield { topic, containerId: '' }
      continue
    }
    const { containerId, id } = messages('TaskEvent').decode(event.value)
    if (topic === '/tasks/exit' && id !== containerId) continue
    yield { topic, containerId }
  }
}
