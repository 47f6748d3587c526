from .errors import IsomorphError as IsomorphError
from .figures.plot import plot as plot
from .inference import CORRECTIONS as CORRECTIONS
from .inference.beyond import partial as partial
from .inference.beyond import partition as partition
from .inference.beyond import recover as recover
from .inference.beyond import weighted as weighted
from .inference.compare import compare as compare
from .inference.compare import noise_ceiling as noise_ceiling
from .inference.compare import select_layer as select_layer
from .inference.predict.in_hand import predict as predict
from .measures import MEASURES as MEASURES
from .models import SOURCES as SOURCES
from .models.activate import activations as activations
from .rdms.distances import DISTANCES as DISTANCES
from .rdms.exchange import from_rsatoolbox as from_rsatoolbox
from .rdms.exchange import to_rsatoolbox as to_rsatoolbox
from .rdms.rdm import rdm as rdm
from .rdms.transforms import TRANSFORMS as TRANSFORMS
from .responses.read import read_betas as read_betas
from .responses.read import read_bids as read_bids
from .responses.read import read_epochs as read_epochs
from .responses.read import read_nwb as read_nwb
from .results import open_results as open_results
from .saved import load as load
from .saved import save as save

__version__: str
