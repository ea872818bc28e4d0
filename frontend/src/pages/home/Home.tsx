// The project's home: what runs, what waits for the user, and how it all hangs together.
import { jobs, project, trouble } from "../../app/data";
import { query } from "../../app/place";
import { Broken } from "../../parts/messages";
import { Begin } from "./Begin";
import { Head } from "./Head";
import { Pipeline } from "./Pipeline";
import { Tiles } from "./Tiles";
import { Today } from "./Today";
import "./home.css";
import "./pipeline.css";

export default function Home() {
  const row = project.value;
  const nothing = row && (!row.exists || jobs.value?.length === 0) && !query.value.get("view");
  if (nothing)
    return (
      <div class="home">
        <Head />
        <Begin />
      </div>
    );
  if (trouble.value && !jobs.value) return <div class="home"><Head /><Broken sentence={trouble.value} /></div>;
  return (
    <div class="home">
      <Head />
      <Tiles />
      <Pipeline />
      <Today />
    </div>
  );
}
