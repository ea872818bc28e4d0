// Before the first iteration there are no classes: the particles themselves, so that a wrong input is seen at once.
import { useResource, type Schema } from "../../api/client";
import { Empty } from "../../parts/messages";
import { TileStrip } from "./TileStrip";

const FIRST = 64;

export function NotYet(props: { job: string; why: string }) {
  const { data } = useResource<Schema<"Job">>(`jobs/${props.job}`, {}, [`job:${props.job}`]);
  const path = data?.inputs.find((one) => one.path.endsWith(".star"))?.path ?? "";
  const info = useResource<Schema<"StackInfo">>(path ? "stack/info" : "", { path });
  const count = Math.min(FIRST, info.data?.count ?? 0);
  const rows = Array.from({ length: count }, (_, k) => k + 1);
  return (
    <div class="classes-notyet">
      <Empty title="No class averages yet" why={`${props.why.charAt(0).toUpperCase()}${props.why.slice(1)}.`} />
      {count > 0 && (
        <section class="classes-notyet-particles">
          <h2>The first {count} particles that go in</h2>
          <TileStrip label="Particles" columns={16} stack={{ path, tag: info.data!.tag, indices: `1-${count}`, size: 64, lowpass: info.data!.pixel_size_A ? 15 : 0 }} numbers={rows} name={(row) => `particle ${row}`} contrast="one" />
        </section>
      )}
    </div>
  );
}
