// An empty directory or project: four large acts, of which one is the right one.
import { useEffect, useState } from "preact/hooks";
import { act, useResource, type Schema } from "../../api/client";
import { mayAct, project, readJobs } from "../../app/data";
import { go, to } from "../../app/place";
import { attempt } from "../../app/toasts";
import { Icon } from "../../parts/Icon";

type Begun = Schema<"Begun">;

/** Make a project here if there is none, then go on. */
async function withProject(then: () => void): Promise<void> {
  if (project.value && !project.value.exists) {
    const begun = await attempt(() => act<Begun>("POST", "project"));
    if (!begun) return;
    project.value = { ...project.value, exists: true };
    await readJobs();
  }
  then();
}

const ACTS = [
  { icon: "film", title: "Import movies", why: "From the microscope or a session folder; or micrographs that are corrected already.", page: "new/import" },
  { icon: "map", title: "Bring in particles or a map", why: "A STAR file of particles, a reference, a mask, coordinates.", page: "new/import-other" },
] as const;

export function Begin() {
  const [busy, setBusy] = useState("");
  const demo = useResource<Begun>("project/demo", {}, ["project"]);
  const may = mayAct.value;
  const run = async () => {
    setBusy("Beginning the demonstration");
    await attempt(async () => {
      await act<Begun>("POST", "project/demo", { movies: 6 });
      if (project.value) project.value = { ...project.value, exists: true };
      await readJobs();
      demo.again();
    });
    setBusy("");
  };
  const said = busy || demo.data?.demonstration || "";
  useEffect(() => {
    // The demonstration first simulates movies, which takes longer than a job does to appear: look again until there is one.
    if (!said) return;
    const timer = setInterval(() => void readJobs().then(demo.again), 1000);
    return () => clearInterval(timer);
  }, [Boolean(said)]);
  return (
    <section class="home-begin" aria-label="Begin">
      <h2>What do you have?</h2>
      <p class="second">{project.value?.exists ? "This project has no jobs yet." : "This directory holds no project yet; the first act makes one."} Everything stays in {project.value?.path || "this directory"}.</p>
      <div class="home-begin-acts">
        {ACTS.map((one) => (
          <button key={one.page} type="button" class="home-begin-act" disabled={!may} onClick={() => void withProject(() => go(to(one.page)))}>
            <Icon name={one.icon} size={24} /><b>{one.title}</b><span>{one.why}</span>
          </button>
        ))}
        <button type="button" class="home-begin-act" onClick={() => go(to("start", { open: "relion" }))}>
          <Icon name="folder" size={24} /><b>Open a RELION project</b><span>Of RELION 3.1, 4 or 5; nothing in it is changed by looking.</span>
        </button>
        <button type="button" class="home-begin-act" disabled={!may || Boolean(said)} onClick={() => void run()}>
          <Icon name="run" size={24} /><b>Run the demo</b><span>A small synthetic session from movies to a map, in some minutes on this machine.</span>
        </button>
      </div>
      <p class="home-begin-said" role="status">{said}</p>
      {!may && <p class="second">This window may only look; the address with the full token may begin work.</p>}
    </section>
  );
}
