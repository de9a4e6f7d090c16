"""A long-lived process of the image's environment beside a Blob storage."""

from tests.runtime.airflow_home import Conversation

PREAMBLE = """
import pathlib, tempfile
from concurrent.futures import ThreadPoolExecutor
from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
from airflow_azure.bundle import BlobDagBundle
from airflow_azure.upload import Upload

ROOT = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH"
service = WasbHook("wasb_default").get_conn()

def containers():
    names = [f"t{os.urandom(4).hex()}{end}" for end in ("", "-versions")]
    for name in names:
        service.create_container(name)
    on_a_new_disk()
    return dict(zip(("container", "versions_container"), names))

def on_a_new_disk():
    os.environ[ROOT] = tempfile.mkdtemp(dir=os.environ["AIRFLOW_HOME"])

def put(container, **files):
    for name, text in files.items():
        path = name.replace("__", "/") + ".py"
        service.get_blob_client(container, path).upload_blob(text, overwrite=True)

def put_named(container, name, text="x"):
    service.get_blob_client(container, name).upload_blob(text, overwrite=True)

def blobs(container):
    client = service.get_container_client(container)
    names = [blob.name for blob in client.list_blobs()]
    return {n: client.download_blob(n).readall().decode(errors="replace") for n in names}

def bundle(version=None, **kwargs):
    settings = {"name": "dags", "refresh_interval": 0, **kwargs}
    return BlobDagBundle(version=version, **settings)

def upload(container, target="sales", commit="c1", **files):
    folder = pathlib.Path(tempfile.mkdtemp())
    for name, text in files.items():
        file = folder / (name.replace("__", "/") + ".py")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return Upload(service.get_container_client(container), folder, target).run(commit)

class Broken(Exception):
    pass

def breaks_off(container, after, **files):
    # the agent is gone after so many files
    left = [after]
    send = Upload._send
    def sends(self, path):
        left[0] -= 1
        if left[0] < 0:
            raise Broken
        return send(self, path)
    Upload._send = sends
    try:
        return upload(container, **files)
    except Broken:
        return "broke off"
    finally:
        Upload._send = send

def content(bundle):
    files = sorted(p for p in bundle.path.rglob("*") if p.is_file())
    return {str(p.relative_to(bundle.path)): p.read_text() for p in files}

def version(bundle):
    return bundle.get_current_version().version

def error(call):
    try:
        call()
    except Exception as raised:
        return f"{type(raised).__name__}: {raised}"
"""


class Lab(Conversation):
    """A process that holds bundles, log writers, and a client of the storage."""

    def do(self, statement: str) -> None:
        """Run a statement."""
        self.eval(f"exec({statement!r}, globals())")
